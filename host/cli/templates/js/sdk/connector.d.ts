// The types of `connector.js`: what a connector in JavaScript is written with.

/** What every property may have besides its label and its description. */
export interface PropertyOptions {
  /** Whether a value must be given. */
  required?: boolean;
  /** Text in the empty control. */
  placeholder?: string;
  /** The value that is filled in when none is given. */
  default?: unknown;
  /** The value that the provider uses when none is sent; only shown. */
  providerDefault?: unknown;
  /** The heading under which a form shows the property. */
  group?: string;
  /** Whether a form hides the property at first. */
  advanced?: boolean;
  /** The bounds of a value, each inclusive. */
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
  /** When the property applies: another property is one of these values. */
  condition?: {
    property: string;
    matches?: 'one-of' | 'none-of' | 'present' | 'absent';
    values?: unknown[];
  };
  /** Names of properties that the current choices depend on; the action has `options`. */
  live?: string[];
  /** Whether other values than the choices are accepted. */
  open?: boolean;
}

/** A property, or the shape of an output. */
export interface Property extends PropertyOptions {
  label: string;
  description: string;
}

/** The properties of an object, by their keys. */
export type Table = Record<string, Property>;

/** A value that is offered. */
export type Choice = string | number | { value: unknown; label?: string; description?: string };

type Make = (label: string, description: string, more?: PropertyOptions) => Property;

export const string: Make;
export const textArea: Make;
export const integer: Make;
export const number: Make;
export const boolean: Make;
export const date: Make;
export const dateTime: Make;
/** A file: `{extension, mimeType, name, url}`. */
export const file: Make;
export const any: Make;
/** A credential; only in a connection. */
export const secret: Make;
export function select(
  label: string,
  description: string,
  choices: Choice[],
  more?: PropertyOptions,
): Property;
export function list(
  label: string,
  description: string,
  items: Property,
  more?: PropertyOptions,
): Property;
export function object(members: Table, more?: PropertyOptions): Property;

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
  /** The path of the property that a single text fills. */
  textProperty?: string;
  /** Example inputs by their titles. */
  examples?: Record<string, unknown>;
  input: Table;
  output: Property;
  /** Returns the output, or an {@link outcome}. */
  run(input: any, settings: any): unknown;
  /** The current choices of a property that is `live`. */
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
    /** Properties that are sent as headers: `{ organization: 'OpenAI-Organization' }`. */
    headers?: Record<string, string>;
    /** Properties that are read from environment variables. */
    environment?: Record<string, string>;
    /** Makes a cheap request, and returns in one sentence what was reached. */
    test?(settings: any): string;
  };
  actions: Record<string, Action>;
}

/** Makes the exports of a connector. */
export function connector(of: Connector): { describe: object; connection: object; actions: object };

export interface RequestOptions {
  /** Parameters; those that are `undefined` or `null` are not sent. */
  query?: Record<string, unknown>;
  headers?: Record<string, string>;
  /** The body, as JSON. */
  json?: unknown;
}

/** A response with a status of 2xx. */
export interface Response {
  status: number;
  header(name: string): string | undefined;
  text(): string;
  json(): any;
  /** Stores the body as a file, which the host streams. */
  save(name: string, mimeType: string): FileEntry;
}

/** A handle to a file. */
export interface FileEntry {
  extension: string;
  mimeType: string;
  name: string;
  url: string;
}

/** Requests to a path below the base URL. Another status than 2xx is thrown as a failure. */
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

/** A failure, to be thrown: `throw failure('not-found', 'no such item')`. */
export function failure(kind: FailureKind, message: string, more?: { property?: string }): unknown;

/** Stores a file. */
export function createFile(name: string, mimeType: string, bytes: Uint8Array): FileEntry;
/** Opens a file of the input. */
export function openFile(entry: FileEntry): {
  size(): bigint;
  read(offset: bigint, max: number): Uint8Array;
};

/** Reports text as it arrives, if the caller wants it. */
export function reportText(text: string): void;

/** An output with metadata, such as the model and its usage. */
export function outcome(output: unknown, metadata?: Record<string, unknown>): unknown;
