// Choosing a device: the brand narrows the list, the price follows the device.
const form = document.querySelector("[data-choose]");
const select = form?.querySelector("select[name=model]");
const brands = form?.querySelector("[data-brands]");
const shown = form?.querySelector("output[data-price]");

if (select) {
  const groups = [...select.querySelectorAll("optgroup")];

  const showPrice = () => {
    const option = select.selectedOptions[0];
    if (option) shown.textContent = option.dataset.price;
    form.querySelector("button[type=submit]").disabled = !option || option.disabled;
  };

  const showBrand = () => {
    const code = brands.querySelector("input:checked").value;
    const group = groups.find((one) => one.dataset.brand === code);
    select.replaceChildren(group);
    const first = [...group.children].find((option) => !option.disabled);
    select.value = first ? first.value : "";
    showPrice();
  };

  select.addEventListener("change", showPrice);
  if (brands) {
    brands.hidden = false;
    brands.addEventListener("change", showBrand);
    showBrand();
  } else {
    showPrice();
  }
}
