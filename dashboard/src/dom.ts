/** The element with this id, which the page has. */
export function byId<E extends HTMLElement>(id: string): E {
  const element = document.getElementById(id);
  if (element === null) {
    throw new Error(`The page has no #${id}.`);
  }
  return element as E;
}

/** A new element. What is shown is always set as text, never as HTML. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  text = "",
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className !== "") {
    made.className = className;
  }
  if (text !== "") {
    made.textContent = text;
  }
  return made;
}

/** Sets a text, if it is another one: the browser lays out again only what has changed. */
export function show(where: Element, text: string): void {
  if (where.textContent !== text) {
    where.textContent = text;
  }
}
