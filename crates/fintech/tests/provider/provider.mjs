// A certified OpenID Connect provider, as a company might run one, for tests of sign-in. It listens on
// loopback with TLS, prints `ready` when it does, and then answers each line on standard input with a
// line of JSON. Not in here: what is expected of the program that trusts it.
//
//   person SUB GROUP…     signs in by the code flow with PKCE: {"access_token", "id_token", …}
//   service CLIENT SCOPE  a client's own token: {"access_token", …}

import { createHash, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [folder, port, audience] = process.argv.slice(2);
const found = createRequire(`${folder}/`).resolve('oidc-provider');
const { Provider } = await import(pathToFileURL(found));

const issuer = `https://127.0.0.1:${port}`;
const secret = 'a-secret-of-the-test';
const back = 'https://web.example/back';
const groups = new Map();

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const key = { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'RS256' };

const api = {
  scope: 'payments metrics',
  audience,
  accessTokenFormat: 'jwt',
  accessTokenTTL: 300,
  jwt: { sign: { alg: 'RS256' } },
};

const service = (client_id) => ({
  client_id,
  client_secret: secret,
  grant_types: ['client_credentials'],
  response_types: [],
  redirect_uris: [],
});

const provider = new Provider(issuer, {
  jwks: { keys: [key] },
  cookies: { keys: [randomBytes(32).toString('hex')] },
  clients: [
    { client_id: 'web', token_endpoint_auth_method: 'none', redirect_uris: [back] },
    service('terminal'),
    service('watcher'),
  ],
  scopes: ['openid', 'payments', 'metrics'],
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  extraTokenClaims: (_, token) => ({ groups: groups.get(token.accountId) ?? [] }),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => audience,
      getResourceServerInfo: () => api,
      useGrantedResource: () => true,
    },
  },
});

/** Follows redirects as a browser would, with its cookies, until one leads back to the client. */
async function browse(url, form, cookies) {
  const headers = { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
  const body = form && new URLSearchParams(form);
  const answer = await fetch(url, { method: form ? 'POST' : 'GET', headers, body, redirect: 'manual' });
  for (const line of answer.headers.getSetCookie()) {
    const [pair] = line.split(';');
    const at = pair.indexOf('=');
    cookies.set(pair.slice(0, at), pair.slice(at + 1));
  }
  const location = answer.headers.get('location');
  if (location) {
    const next = new URL(location, url);
    return next.href.startsWith(back) ? next : browse(next, undefined, cookies);
  }
  const page = await answer.text();
  const asked = /name="prompt" value="(\w+)"/.exec(page)?.[1];
  if (!asked) throw new Error(`${answer.status} ${url}: ${page}`);
  const action = /action="([^"]+)"/.exec(page)[1];
  const said = asked === 'login' ? { prompt: 'login', login: cookies.sub, password: 'x' } : { prompt: asked };
  return browse(new URL(action, url), said, cookies);
}

async function token(form, headers = {}) {
  const answer = await fetch(`${issuer}/token`, { method: 'POST', body: new URLSearchParams(form), headers });
  return answer.json();
}

async function person(sub, ...its) {
  groups.set(sub, its);
  const code_verifier = randomBytes(32).toString('base64url');
  const cookies = Object.assign(new Map(), { sub });
  const url = new URL(`${issuer}/auth`);
  url.search = new URLSearchParams({
    client_id: 'web',
    response_type: 'code',
    redirect_uri: back,
    scope: 'openid',
    nonce: randomUUID(),
    code_challenge: createHash('sha256').update(code_verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const returned = await browse(url, undefined, cookies);
  const code = returned.searchParams.get('code');
  return token({ grant_type: 'authorization_code', client_id: 'web', redirect_uri: back, code, code_verifier });
}

async function own(client, scope) {
  const authorization = `Basic ${Buffer.from(`${client}:${secret}`).toString('base64')}`;
  return token({ grant_type: 'client_credentials', scope }, { authorization });
}

const tls = { key: readFileSync(`${folder}/localhost.key`), cert: readFileSync(`${folder}/localhost.crt`) };

createServer(tls, provider.callback()).listen(Number(port), '127.0.0.1', async () => {
  console.log('ready');
  for await (const line of createInterface({ input: process.stdin })) {
    const [what, ...of] = line.split(' ');
    const answer = await (what === 'person' ? person(...of) : own(...of)).catch((error) => ({ error: `${error}` }));
    console.log(JSON.stringify(answer));
  }
  process.exit(0);
});
