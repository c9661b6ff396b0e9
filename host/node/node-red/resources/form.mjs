// A form for a table of properties: TypedInputs, and lists and groups of them. It shows
// and returns the fields that `values.mjs` describes.

import { inputTypes } from './input-types.mjs';
import { firstItem, literal, shownNames } from './values.mjs';

/** The types with an editor below the input. */
const BELOW = {
  text: (container, property, value) => new TextBelow(container, value),
  list: (container, property, value, form) => new ListBelow(container, property.children[0], value, form),
  map: (container, property, value, form) => new MapBelow(container, property.values, value, form),
  // Only the action's top-level properties have dynamic options.
  members: (container, property, value, form) =>
    new Form(container, property.children, value ?? {}, {
      ...form,
      options: undefined,
      isItem: false,
    }),
};

/**
 * Settings shared by all fields of a dialog.
 *
 * @typedef {object} Setting
 * @property {string[]} dynamicTypes the Node-RED types that fields may have besides literals
 * @property {(property: string, input: object, search: string) => Promise<object>} [options]
 */

/** The properties of an object. */
export class Form {
  #properties;
  #controls = new Map();
  #rows = new Map();
  #changed;

  /** @param {Setting & {changed?: () => void, number?: number}} setting */
  constructor(container, properties, fields, setting) {
    this.#properties = properties.filter(({ control }) => control !== 'NONE');
    this.#changed = () => {
      this.#showAndHide();
      setting.changed?.();
    };
    const advanced = this.#properties.filter((property) => property.advanced);
    const others = this.#properties.filter((property) => !property.advanced);
    others.forEach((property) => this.#add(container, property, fields, setting));
    if (advanced.length > 0) {
      const isSet = advanced.some(({ name }) => fields[name]);
      const folded = $('<details class="connector-advanced">').prop('open', isSet).appendTo(container);
      $('<summary>').text('Advanced').appendTo(folded);
      advanced.forEach((property) => this.#add(folded, property, fields, setting));
    }
    this.#showAndHide();
  }

  /** Returns the fields that are set. */
  read() {
    const fields = [...this.#controls].map(([name, control]) => [name, control.read()]);
    return Object.fromEntries(fields.filter(([, field]) => field));
  }

  rename(number) {
    this.#controls.forEach((control) => control.rename(number));
  }

  #add(container, property, fields, setting) {
    const row = $('<div class="form-row connector-row">').appendTo(container);
    const inner = {
      ...setting,
      changed: () => this.#changed(),
      options: setting.options && ((search) => setting.options(property.name, this.#known(), search)),
    };
    this.#rows.set(property.name, row);
    this.#controls.set(property.name, new Control(row, property, fields[property.name], inner));
  }

  /** The values that do not depend on a message; dynamic options may depend on them. */
  #known() {
    const fields = this.read();
    const known = this.#properties.map((property) => {
      try {
        return [property.name, fields[property.name] && literal(property, fields[property.name])];
      } catch {
        return [property.name, undefined];
      }
    });
    return Object.fromEntries(known.filter(([, value]) => typeof value === 'string'));
  }

  #showAndHide() {
    if (this.#rows.size < this.#properties.length) {
      return;
    }
    const shown = shownNames(this.#properties, this.read());
    this.#rows.forEach((row, name) => row.toggle(shown.has(name)));
  }
}

/** One field: a label, a TypedInput, and the editor below it. */
class Control {
  #property;
  #box;
  #container;
  #setting;
  /** The editors below the input, by type. */
  #below = new Map();
  #field;
  #name;

  constructor(row, property, field, setting) {
    this.#property = property;
    this.#setting = setting;
    this.#field = field ?? {};
    this.#name = property.label;
    if (property.label) {
      const label = $('<label>').text(property.label).appendTo(row);
      label.toggleClass('is-required', property.required && property.default === undefined);
      // List items repeat, so their descriptions are tooltips.
      if (setting.isItem || setting.number) {
        RED.popover.tooltip(label, property.description);
      }
    }
    const types = inputTypes(property, setting);
    const [first] = types;
    const type = field?.type ?? (typeof first === 'string' ? first : first.value);
    const width = property.label ? 'calc(100% - 140px)' : '100%';
    const value = typeof field?.value === 'string' ? field.value : '';
    this.#box = $('<input type="text">')
      .attr({ style: `width: ${width}`, placeholder: hint(property) })
      .val(value)
      .appendTo(row);
    this.#container = $('<div class="connector-below">').appendTo(row);
    if (property.label && !setting.isItem && !setting.number) {
      explanation(property.description).appendTo(row);
    }
    this.#box.typedInput({ types, default: type });
    // The order matters: a value is looked up among the choices of the type.
    this.#box.typedInput('type', type);
    this.#box.typedInput('value', value);
    if (setting.isItem && type === 'members') {
      // An item is always an object; only the whole list can have another type.
      this.#box.nextAll('.red-ui-typedInput-container').hide();
    }
    this.#box.on('change', () => {
      this.#showBelow();
      setting.changed();
    });
    this.rename(setting.number);
    this.#showBelow();
  }

  /** Returns the field; undefined if it is not set. */
  read() {
    const type = this.#box.typedInput('type');
    const below = this.#below.get(type);
    const value = below ? below.form.read() : this.#box.typedInput('value');
    const isEmpty = value === '' || (typeof value === 'object' && Object.keys(value).length === 0);
    return isEmpty ? undefined : { type, value };
  }

  /** Sets the accessible names, with a number if several fields have the same name. */
  rename(number) {
    const name = [this.#name || 'Item', number].filter(Boolean).join(' ');
    const box = this.#box.nextAll('.red-ui-typedInput-container');
    box.find('.red-ui-typedInput-input').attr('aria-label', name);
    box.find('.red-ui-typedInput-option-trigger').attr('aria-label', name);
    box.find('.red-ui-typedInput-type-select').attr('aria-label', `${name}, type`);
    this.#container.find('> div > textarea').attr('aria-label', name);
    this.#below.forEach(({ form }) => form.rename?.(number));
    this.#setting.number = number;
  }

  #showBelow() {
    const type = this.#box.typedInput('type');
    const make = BELOW[type];
    if (make && !this.#below.has(type)) {
      const container = $('<div>').appendTo(this.#container);
      const value = this.#field.type === type ? this.#field.value : undefined;
      this.#below.set(type, { container, form: make(container, this.#property, value, this.#setting) });
      this.rename(this.#setting.number);
    }
    this.#below.forEach(({ container }, of) => container.toggle(of === type));
  }
}

/** The description below a field. */
export const explanation = (description) =>
  $('<div class="connector-explanation">').text(description ?? '');

/** The placeholder of an empty input. */
function hint({ placeholder, default: given, providerDefault }) {
  const value = given ?? providerDefault;
  return placeholder ?? (value === undefined ? '' : String(value));
}

class TextBelow {
  #area;

  constructor(container, value = '') {
    this.#area = $('<textarea rows="4">').val(value).appendTo(container);
  }

  read() {
    return this.#area.val();
  }
}

/** A list of fields that can be moved, added and removed. */
class ListBelow {
  #list;

  constructor(container, item, value = [], setting) {
    this.#list = $('<ol class="connector-list">').appendTo(container);
    const changed = () => {
      this.#renumber();
      setting.changed();
    };
    this.#list.editableList({
      addItem: (row, index, { field }) => {
        const own = { ...setting, options: undefined, isItem: true, number: index + 1 };
        row.data('control', new Control(row, item, field ?? firstItem(item), own));
        changed();
      },
      addButton: 'add',
      removable: true,
      removeItem: changed,
      sortable: true,
      sortItems: changed,
      scrollOnAdd: false,
    });
    this.#list.editableList('addItems', value.map((field) => ({ field })));
  }

  read() {
    return this.#controls().map((control) => control.read()).filter(Boolean);
  }

  #controls() {
    const items = this.#list.editableList('items').toArray();
    return items.map((row) => $(row).data('control')).filter(Boolean);
  }

  #renumber() {
    this.#controls().forEach((control, index) => control.rename(index + 1));
  }
}

/** A list of keys and fields. */
class MapBelow {
  #list;

  constructor(container, property, value = [], setting) {
    this.#list = $('<ol class="connector-list connector-map">').appendTo(container);
    this.#list.editableList({
      addItem: (row, index, { key, field }) => {
        const box = $('<input type="text" placeholder="key">').val(key ?? '').appendTo(row);
        const inner = $('<div>').appendTo(row);
        const control = new Control(inner, { ...property, label: '' }, field, setting);
        row.data({ key: box, control });
      },
      addButton: 'add',
      removable: true,
      removeItem: setting.changed,
      scrollOnAdd: false,
    });
    const items = value.map(({ key, value: field }) => ({ key, field }));
    this.#list.editableList('addItems', items);
  }

  read() {
    const items = this.#list.editableList('items').toArray();
    const entries = items.map((row) => {
      const { key, control } = $(row).data();
      return { key: key.val(), value: control.read() };
    });
    return entries.filter(({ key, value }) => key && value);
  }
}
