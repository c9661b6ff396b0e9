// Types for `connector.js`, the SDK for connectors in JavaScript.

/** The options of a property, in addition to its label and description. */
export interface PropertyOptions {
  /** Whether a value is required. */
  required?: boolean;
  /** The text in the empty control. */
  placeholder?: string;
  /** The value to use if none is set. */
  default?: unknown;
  /** The value that the provider uses if none is sent. For display only. */
  providerDefault?: unknown;
  /** The heading under which a form shows the property. */
  group?: string;
  /** Whether a form initially hides the property in a collapsed section. */
  advanced?: boolean;
  /** The limits of a value. All bounds are inclusive. */
  limits?: {
    minimum?: number;
    maximum?: number;
    minLength?: number;
    maxLength?: number;
    minItems?: number;
    maxItems?: number;
    pattern?: string;
    maxBytes?: bigint;
    accept?: string[];
  };
  /** When the property applies: by default, if another property has one of these values. */
  condition?: {
    property: string;
    matches?: 'one-of' | 'none-of' | 'present' | 'absent';
    values?: unknown[];
  };
  /**
   * Set this if the action's `options` returns the current choices. Lists the names of the
   * properties that they depend on.
   */
  live?: string[];
  /** Whether values other than the choices are allowed. */
  open?: boolean;
}

/** A property, or the shape of an output. */
export interface Property extends PropertyOptions {
  label: string;
  description: string;
}

/** The properties of an object, by key. */
export type Table = Record<string, Property>;

/** One value to choose from. */
export type Choice = string | number | { value: unknown; label?: string; description?: string };

type PropertyConstructor = (
  label: string,
  description: string,
  options?: PropertyOptions,
) => Property;

export const string: PropertyConstructor;
export const textArea: PropertyConstructor;
export const integer: PropertyConstructor;
export const number: PropertyConstructor;
export const boolean: PropertyConstructor;
export const date: PropertyConstructor;
export const dateTime: PropertyConstructor;
/** A file: `{extension, mimeType, name, url}`. */
export const file: PropertyConstructor;
export const any: PropertyConstructor;
/** A credential. Allowed only in a connection. */
export const secret: PropertyConstructor;
export function select(
  label: string,
  description: string,
  choices: Choice[],
  options?: PropertyOptions,
): Property;
export function list(
  label: string,
  description: string,
  items: Property,
  options?: PropertyOptions,
): Property;
export function object(members: Table, options?: PropertyOptions): Property;

/** A way to authorize requests. The host adds the credential. */
export interface Authorization {
  name: string;
  title: string;
  properties: Table;
}
/** `Authorization: Bearer …` */
export function bearer(): Authorization;
/** A header such as `x-api-key`. */
export function apiKey(header: string): Authorization;

/** What an action does, for people and models that decide whether to run it. */
export interface Effects {
  readOnly?: boolean;
  destructive?: boolean;
  idempotent?: boolean;
  billed?: boolean;
}

export interface Action {
  title: string;
  description: string;
  help?: string;
  group?: string;
  effects?: Effects;
  /** The path of the property to fill when the caller provides only text. */
  textProperty?: string;
  /** Example inputs by title. */
  examples?: Record<string, unknown>;
  input: Table;
  output: Property;
  /** Returns the output, or an {@link outcome}. */
  run(input: any, settings: any): unknown;
  /** Returns the current choices of a `live` property. */
  options?(property: string, input: any, search: string | undefined, settings: any): Choice[];
}

export interface Connector {
  name: string;
  title: string;
  description: string;
  version?: number;
  /** An SVG document. */
  icon?: string;
  categories?: string[];
  help?: string;
  connection: {
    baseUrl: string;
    authorizations: Authorization[];
    properties?: Table;
    /** Properties to send as headers: `{ organization: 'OpenAI-Organization' }`. */
    headers?: Record<string, string>;
    /** Properties to read from environment variables: `{ token: 'EXAMPLE_TOKEN' }`. */
    environment?: Record<string, string>;
    /** Makes a cheap request and returns one sentence about what it reached. */
    test?(settings: any): string;
  };
  actions: Record<string, Action>;
}

/** Creates the exports of a connector. */
export function connector(definition: Connector): {
  describe: object;
  connection: object;
  actions: object;
};

export interface RequestOptions {
  /** Query parameters. Those that are `undefined` or `null` are not sent. */
  query?: Record<string, unknown>;
  headers?: Record<string, string>;
  /** The body, as JSON. */
  json?: unknown;
}

/** A response with status 2xx. */
export interface Response {
  status: number;
  header(name: string): string | undefined;
  text(): string;
  json(): any;
  /** Stores the body as a file. The host streams it. */
  save(name: string, mimeType: string): FileEntry;
}

/** A handle to a file. */
export interface FileEntry {
  extension: string;
  mimeType: string;
  name: string;
  url: string;
}

/** Sends a request to a path below the base URL. Throws a failure if the status is not 2xx. */
export function get(path: string, options?: RequestOptions): Response;
export function post(path: string, options?: RequestOptions): Response;
export function put(path: string, options?: RequestOptions): Response;
export function patch(path: string, options?: RequestOptions): Response;
export function del(path: string, options?: RequestOptions): Response;

export type FailureKind =
  | 'invalid-input'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'rate-limited'
  | 'quota-exceeded'
  | 'too-large'
  | 'refused'
  | 'unavailable'
  | 'network'
  | 'timeout'
  | 'cancelled'
  | 'invalid-output'
  | 'internal';

/** Creates a failure to throw: `throw failure('not-found', 'no such item')`. */
export function failure(
  kind: FailureKind,
  message: string,
  details?: { property?: string },
): unknown;

/** Stores a file. */
export function createFile(name: string, mimeType: string, bytes: Uint8Array): FileEntry;
/** Opens a file from the input or one that this run stored. */
export function openFile(entry: FileEntry): {
  size(): bigint;
  read(offset: bigint, max: number): Uint8Array;
};

/** Reports text as it arrives, if the caller requested streaming. */
export function reportText(text: string): void;

/** Creates an output with metadata, such as `model` and `usage`. */
export function outcome(output: unknown, metadata?: Record<string, unknown>): unknown;
