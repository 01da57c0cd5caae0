// Shows the API description of this server; tokens typed here stay in this page.
SwaggerUIBundle({
  url: document.getElementById("api-docs").dataset.description,
  domNode: document.getElementById("api-docs"),
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  validatorUrl: null,
});
