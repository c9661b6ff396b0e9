// The {{Title}} connector.

import { bearer, connector, get, object, string } from './sdk/connector.js';

export const { describe, connection, actions } = connector({
  name: '{{name}}',
  title: '{{Title}}',
  description: 'Gets items from {{Title}}.',
  connection: {
    baseUrl: 'https://api.example.com/v1',
    authorizations: [bearer()],
    environment: { token: '{{NAME}}_TOKEN', baseUrl: '{{NAME}}_BASE_URL' },
  },
  actions: {
    getItem: {
      title: 'Get Item',
      description: 'Gets an item.',
      effects: { readOnly: true, idempotent: true },
      textProperty: 'id',
      examples: { 'Item 17': { id: '17' } },
      input: {
        id: string('ID', 'The ID of the item.', { required: true, placeholder: '17' }),
      },
      output: object({
        id: string('ID', 'The ID.', { required: true }),
        name: string('Name', 'The name.', { required: true }),
      }),
      run({ id }) {
        return get(`/items/${encodeURIComponent(id)}`).json();
      },
    },
  },
});
