// The TypedInput types of a property.

import { choiceKey, choicesOf, literalTypes } from './values.mjs';

/**
 * @param {object} property
 * @param {{dynamicTypes: string[], options?: (search: string) => Promise<object>}} setting
 */
export function inputTypes(property, { dynamicTypes, options }) {
  const own = literalTypes(property).map((type) => OWN[type]?.(property, options) ?? type);
  return [...own, ...dynamicTypes];
}

/** The types that Node-RED lacks, or that work differently here. */
const OWN = {
  text: () => ({ value: 'text', label: 'text', hasValue: false }),
  list: () => ({ value: 'list', label: 'list', hasValue: false }),
  map: () => ({ value: 'map', label: 'keys and values', hasValue: false }),
  members: () => ({ value: 'members', label: 'object', hasValue: false }),
  path: () => ({ value: 'path', label: 'path', icon: 'fa fa-file-o' }),
  // Node-RED's own type rejects an empty input, which here means that no number is set.
  num: () => ({
    value: 'num',
    label: 'number',
    icon: 'red/images/typedInput/09.svg',
    validate: (value) => value === '' || !Number.isNaN(Number(value)),
  }),
  choice: (property) => ({
    value: 'choice',
    label: 'choice',
    icon: 'fa fa-caret-square-o-down',
    options: [...unset(property), ...choices(property)],
  }),
  choices: (property) => ({
    value: 'choices',
    label: 'choices',
    icon: 'fa fa-check-square-o',
    multiple: true,
    options: choices(property),
  }),
  str: (property, options) => (property.choices ? suggesting(property, options) : undefined),
};

const choices = (property) =>
  choicesOf(property).map(({ label, value, description }) => ({
    value: choiceKey(value),
    label,
    title: description,
  }));

/** The empty choice of an optional property, labeled with the default if it is known. */
function unset(property) {
  const { required, default: given, providerDefault } = property;
  if (required && given === undefined) {
    return [];
  }
  const value = given ?? providerDefault;
  const choice = choicesOf(property).find((one) => one.value === value);
  return [{ value: '', label: choice ? `${choice.label} (not set)` : '(not set)' }];
}

/** A string with suggestions. */
function suggesting(property, options) {
  const known = choices(property).map(({ value, label }) => ({ value, label }));
  const matching = (text) => {
    const wanted = text.trim().toLowerCase();
    const matches = (one) => one.toLowerCase().includes(wanted);
    return known.filter(({ value, label }) => matches(value) || matches(label));
  };
  const isDynamic = Boolean(property.choices.dynamic && options);
  const search = async (text) => {
    if (!isDynamic) {
      return matching(text);
    }
    try {
      const { disabled, placeholder, options: current } = await options(text);
      const received = current.map(({ label, value }) => ({ value: choiceKey(value), label }));
      return disabled ? [note(text, placeholder), ...matching(text)] : received;
    } catch (error) {
      return [note(text, error.message), ...matching(text)];
    }
  };
  function showAll() {
    const box = this.input;
    search('').then((found) => {
      const menu = RED.popover.menu({
        options: found,
        width: Math.max(300, box.width()),
        maxHeight: 200,
        class: 'red-ui-autoComplete-container',
        onselect: ({ value }) => {
          this.value(value);
        },
      });
      menu.show({ target: box });
    });
  }
  showAll.icon = 'fa-caret-down';
  return {
    value: 'str',
    label: 'string',
    icon: 'red/images/typedInput/az.svg',
    autoComplete: (text, done) => {
      search(text).then(done);
    },
    expand: showAll,
  };
}

/** An entry with the reason why options are missing; choosing it changes nothing. */
const note = (value, text) => ({ value, label: `⚠ ${text ?? 'options are not available'}` });
