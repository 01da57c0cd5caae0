// A short word at the foot of the page, which screen readers hear.
export const say = (sentence) => {
  const place = document.getElementById("said");
  const note = document.createElement("p");
  note.textContent = sentence;
  place.replaceChildren(note);
  setTimeout(() => note.remove(), 6000);
};
