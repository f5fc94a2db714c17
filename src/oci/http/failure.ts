// Network failures in the words that people search for (Go's, as Docker prints them), each with what to do. Only host and path of an
// address are ever shown: the query of a redirect is a signed key to someone's storage.
import { EngineError, errnoOf, messageOf } from '../../sys/errors.ts';

/** `https://host/path`, without query, fragment and user. */
export function shownUrl(url: string | URL): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

/** A failed fetch of `url` as one sentence. An EngineError (a stall, a refused redirect) passes through. */
export function networkFailure(error: unknown, url: string | URL): EngineError {
  if (error instanceof EngineError) return error;
  const { hostname, host } = new URL(url);
  const code = errnoOf(error) ?? '';
  const make = (name: string, message: string, hint: string): EngineError => new EngineError(name, message, { hint, cause: error });
  switch (code) {
    case 'ENOTFOUND':
      return make(
        'ERR_NO_SUCH_HOST',
        `lookup ${hostname}: no such host`,
        `Check the registry's name, and that this machine is online: getent hosts ${hostname}`,
      );
    case 'EAI_AGAIN':
      return make(
        'ERR_NO_NETWORK',
        `lookup ${hostname}: the name server does not answer`,
        'Check that this machine is online, and /etc/resolv.conf',
      );
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
      return make('ERR_NO_NETWORK', `dial tcp ${host}: no route to the host`, 'Check that this machine is online');
    case 'ECONNREFUSED':
      return make(
        'ERR_CONNECTION_REFUSED',
        `dial tcp ${host}: connect: connection refused`,
        `Check that the registry runs and that its port is right: ${host}`,
      );
    case 'EPROTO':
      return make(
        'ERR_TLS',
        `${host} does not speak TLS: server gave HTTP response to HTTPS client`,
        `If it is a registry without TLS that you trust: SKIFF_INSECURE_REGISTRIES=${host}, or --tls-verify=false`,
      );
    case 'ECONNRESET':
    case 'EPIPE':
      return make('ERR_CONNECTION_LOST', `${host} closed the connection`, 'Try again; a proxy or firewall may be in the way');
    default:
      return isCertificateError(code)
        ? certificateFailure(error, host, code)
        : make('ERR_NETWORK', `${host}: ${messageOf(error)}`, 'Try again');
  }
}

function isCertificateError(code: string): boolean {
  return /CERT|^UNABLE_TO_|SELF_SIGNED|^ERR_TLS_/.test(code);
}

function certificateFailure(cause: unknown, host: string, code: string): EngineError {
  const why =
    code === 'CERT_HAS_EXPIRED'
      ? 'certificate has expired'
      : code === 'ERR_TLS_CERT_ALTNAME_INVALID'
        ? `certificate is not valid for ${host}`
        : 'certificate signed by unknown authority';
  return new EngineError('ERR_TLS', `${host}: x509: ${why}`, {
    hint: `Add its authority to the system's certificates or name a file of it in SSL_CERT_FILE; if you trust the network: SKIFF_INSECURE_REGISTRIES=${host}`,
    cause,
  });
}
