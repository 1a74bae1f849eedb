// What another app, or another server, has different.

// As the app is registered with the server, and where the server sends the browser back to.
export const clientId = 'sandbox-app';
export const redirectUri = './';

// What the app asks for: who the user is, and to read and search what is about one patient.
export const scope = 'openid fhirUser patient/*.rs';

// The server of a standalone launch that names none.
export const server = new URL('../../fhir', location.href).href;

// A list is read in pages of this many rows, and this many pages before the reader is asked whether to go on.
export const pageSize = 100;
export const pagesAtOnce = 3;
