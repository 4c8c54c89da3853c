/**
 * The login towards browsers and programs. Everything is behind it but routes that are marked as open:
 * - `/?token=…`, the URL that the agent prints, gives a cookie and leads to the page, without the token in the address;
 * - a browser without the cookie gets a form, any other program a 401 in JSON;
 * - `/health` and `/ready` answer everybody, but with states only.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../../runtime/log.js';
import { refuse } from '../answers.js';
import { SECURITY_HEADERS } from '../guard.js';
import type { Login, Verdict } from './login.js';

const LOGIN_PATH = '/login';
const FORM = 'application/x-www-form-urlencoded';
const REMEDY =
  'Send `Authorization: Bearer <token>`, or open /?token=<token> in a browser. A token that the agent made is in the URL that it prints at its start, and in the file `token` of its data directory.';
/** Marks the second try of a page that another site led to. */
const AGAIN = 'again';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers everybody. */
    isOpen?: boolean;
  }
}

/** Puts everything that `app` serves behind the login. `form` is login.html, as it was built. */
export function addLogin(app: FastifyInstance, login: Login, form: string, log: Logger): void {
  const refuseAs = createRefusal(form, log);
  // Relative, so that it holds behind a proxy with a path of its own.
  const letIn = (reply: FastifyReply): FastifyReply =>
    reply.header('set-cookie', login.setCookie).redirect('./', 303);

  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.isOpen) return undefined;
    const { token } = request.query as { token?: unknown };
    if (isPage(request) && typeof token === 'string') {
      const verdict = login.judgeToken(token, request.ip);
      return verdict === 'in' ? letIn(reply) : refuseAs(verdict, request, reply);
    }
    const verdict = judge(login, request);
    return verdict === 'in' ? undefined : refuseAs(verdict, request, reply);
  });

  app.addContentTypeParser(FORM, { parseAs: 'string' }, (_request, body, done) => {
    done(null, new URLSearchParams(String(body)).get('token') ?? '');
  });
  const open = { config: { isOpen: true } };
  app.get(LOGIN_PATH, open, (_request, reply) => reply.redirect('./', 303));
  app.post(LOGIN_PATH, open, (request, reply) => {
    const token = typeof request.body === 'string' ? request.body.trim() : '';
    const verdict = login.judgeToken(token, request.ip);
    return verdict === 'in' ? letIn(reply) : refuseAs(verdict, request, reply);
  });
}

type Refuse = (verdict: Exclude<Verdict, 'in'>, request: FastifyRequest, reply: FastifyReply) => FastifyReply;

function createRefusal(form: string, log: Logger): Refuse {
  const showForm = createForm(form);
  return (verdict, request, reply) => {
    const isForPeople = isPage(request) && request.headers.accept?.includes('text/html') === true;
    if (typeof verdict === 'object') {
      reply.code(429).header('retry-after', verdict.waitSeconds);
      if (isForPeople) return showForm(request, reply, 'Too many wrong ones: wait a minute.');
      return refuse(reply, 429, 'LOGIN_LIMITED', 'Too many wrong tokens came from there.', 'Wait a minute.');
    }
    const isWrong = verdict === 'wrong';
    if (isWrong) log.warn({ address: request.ip }, `A login from ${request.ip} failed: wrong token.`);
    if (isForPeople) return showForm(request, reply.code(401), isWrong ? 'That is not the token.' : '');
    reply.header('www-authenticate', 'Bearer');
    if (isWrong) return refuse(reply, 401, 'LOGIN_WRONG', 'That is not the token.', REMEDY);
    return refuse(reply, 401, 'LOGIN_REQUIRED', 'A login is required here.', REMEDY);
  };
}

/** Whether a request for an open path came from who is logged in. */
export function isLoggedIn(login: Login | undefined, request: FastifyRequest): boolean {
  return login === undefined || judge(login, request) === 'in';
}

function judge(login: Login, { ip, headers }: FastifyRequest): Verdict {
  return login.judge({ address: ip, cookie: headers.cookie, authorization: headers.authorization });
}

/** Where people are, and the form's relative addresses hold. */
function isPage({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.url === '/' || routeOptions.url === LOGIN_PATH;
}

type ShowForm = (request: FastifyRequest, reply: FastifyReply, note: string) => FastifyReply;

function createForm(form: string): ShowForm {
  const policy = SECURITY_HEADERS['content-security-policy'].replace(
    "form-action 'none'",
    "form-action 'self'",
  );
  return (request, reply, note) => {
    const isLink =
      request.headers['sec-fetch-site'] === 'cross-site' && !(AGAIN in (request.query as object));
    // A browser keeps a strict cookie to itself when another site leads here: asked from here, it comes.
    const refresh = isLink ? `<meta http-equiv="refresh" content="0; url=./?${AGAIN}" />` : '';
    const page = form.replace('<!-- refresh -->', refresh).replace('<!-- note -->', note);
    return reply.header('content-security-policy', policy).type('text/html; charset=utf-8').send(page);
  };
}
