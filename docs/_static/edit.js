// Every picture of a schedule can be edited where it is: the editor is loaded when it is asked for.

const theme = () => ({ light: "light", dark: "dark" })[document.body.dataset.theme] ?? null;

for (const figure of document.querySelectorAll("figure.schedule[data-expression]")) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "edit", textContent: "edit" });
  button.addEventListener("click", async () => {
    const { mount } = await import("./made/editor.js");
    figure.replaceChildren();
    const editor = mount(figure, { expressions: [figure.dataset.expression], theme: theme() });
    new MutationObserver(() => {
      editor.box.dataset.theme = theme() ?? "";
    }).observe(document.body, { attributeFilter: ["data-theme"] });
  });
  figure.append(button);
}
