/**
 * What the user chooses before pressing Start.
 *
 * @import {Listed} from "./model.js"
 */
import { byId } from "./elements.js";
import { microphones } from "./microphone.js";

export class Form {
  /** @type {() => void} Another dialect was chosen. */
  onDialect = () => {};

  #dialects;
  #element = byId("deck", HTMLFormElement);
  #choice = byId("choice", HTMLSelectElement);
  #device = byId("device", HTMLSelectElement);
  #file = byId("file", HTMLInputElement);
  #key = byId("key", HTMLInputElement);
  #aloud = byId("aloud", HTMLInputElement);
  /** @type {File | null} */
  #dropped = null;

  /** @param {readonly Listed[]} dialects In the order in which they are shown. */
  constructor(dialects) {
    this.#dialects = dialects;
    byId("dialects", HTMLFieldSetElement)
      .querySelector(".segments")
      ?.append(...dialects.map(({ name, title }) => segment("dialect", name, title)));
    // A link can choose: /?dialect=NAME
    const wanted = new URLSearchParams(location.search).get("dialect");
    const first = dialects.find(({ name }) => name === wanted) ?? dialects[0];
    this.#check("dialect", first.name);
    this.#element.addEventListener("change", ({ target }) => this.#changed(target));
    navigator.mediaDevices?.addEventListener("devicechange", () => void this.listDevices());
    this.#showChoice();
    this.#showSource();
    void this.listDevices();
  }

  /** @returns {Listed} */
  get dialect() {
    const name = this.#checked("dialect");
    return /** @type {Listed} */ (this.#dialects.find((one) => one.name === name));
  }

  /** @returns {Listed[]} All of them, the chosen one first. */
  get dialects() {
    return [this.dialect, ...this.#dialects.filter((one) => one !== this.dialect)];
  }

  get choice() {
    return this.#choice.value;
  }

  get deviceId() {
    return this.#device.value;
  }

  /** @returns {boolean} Otherwise a file is to be heard. */
  get isLive() {
    return this.#checked("source") === "microphone";
  }

  get isAloud() {
    return this.#aloud.checked;
  }

  /** @returns {File | null} */
  get file() {
    return this.#dropped ?? this.#file.files?.[0] ?? null;
  }

  /** @param {File} file That was dropped on the page. */
  take(file) {
    this.#dropped = file;
    this.#check("source", "file");
    this.#showSource();
  }

  /** Open the browser's list of files. */
  askForFile() {
    this.#file.click();
  }

  /** @returns {string} The key, which is then no longer in the field. */
  takeKey() {
    const key = this.#key.value.trim();
    this.#key.value = "";
    return key;
  }

  /** @param {boolean} isShown */
  showKey(isShown) {
    byId("key-field", HTMLDivElement).hidden = !isShown;
  }

  focusKey() {
    this.showKey(true);
    this.#key.focus();
  }

  /** @param {boolean} isFixed A session runs: nothing can be chosen. */
  fix(isFixed) {
    for (const control of this.#element.elements) {
      const isButton = control instanceof HTMLButtonElement;
      if (!isButton && "disabled" in control) control.disabled = isFixed;
    }
  }

  /** Show the microphones that there are; their names are known once one was allowed. */
  async listDevices() {
    const found = await microphones();
    const chosen = this.#device.value;
    this.#device.length = 1;
    this.#device.append(...found.map(({ deviceId, label }) => new Option(label, deviceId)));
    this.#device.value = found.some(({ deviceId }) => deviceId === chosen) ? chosen : "";
  }

  /** @param {EventTarget | null} target */
  #changed(target) {
    if (target === this.#file) this.#dropped = null;
    if (target instanceof HTMLInputElement && target.name === "dialect") {
      this.#showChoice();
      this.onDialect();
    }
    this.#showSource();
  }

  #showChoice() {
    const { label, options } = this.dialect.dialect.choice;
    const field = byId("choice-field", HTMLLabelElement);
    if (field.firstElementChild) field.firstElementChild.textContent = label;
    this.#choice.replaceChildren(...options.map(({ value, text }) => new Option(text, value)));
  }

  #showSource() {
    byId("device-field", HTMLLabelElement).hidden = !this.isLive;
    byId("file-field", HTMLDivElement).hidden = this.isLive;
    byId("file-name", HTMLLabelElement).textContent = this.file?.name ?? "Choose a file";
  }

  /**
   * @param {string} name Of radio buttons.
   * @returns {string} The value of the one that is checked.
   */
  #checked(name) {
    const checked = this.#element.querySelector(`input[name="${name}"]:checked`);
    return checked instanceof HTMLInputElement ? checked.value : "";
  }

  /**
   * @param {string} name
   * @param {string} value
   */
  #check(name, value) {
    for (const input of this.#element.querySelectorAll("input")) {
      if (input.name === name) input.checked = input.value === value;
    }
  }
}

/**
 * @param {string} name
 * @param {string} value
 * @param {string} text
 */
function segment(name, value, text) {
  const input = document.createElement("input");
  Object.assign(input, { type: "radio", name, value });
  const words = document.createElement("span");
  words.textContent = text;
  const label = document.createElement("label");
  label.append(input, words);
  return label;
}
