// `skiff image verify`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { forEachName } from '../../cli/each.ts';
import { interruptible } from '../../cli/interruptible.ts';
import { verifyOne } from '../../engine/verify-image.ts';
import { renderVerified } from '../../render/verified.ts';

export default class ImageVerify extends Command {
  static override description = "Check an image's signatures: cosign's by a key, sigstore's by an identity, or what the policy asks for";
  static override usage = 'image verify [OPTIONS] IMAGE [IMAGE...]';
  static override examples = [
    'skiff image verify registry.example.com/app:1.2',
    'skiff image verify --key cosign.pub registry.example.com/app:1.2',
    'skiff image verify --certificate-identity https://github.com/team/app/.github/workflows/release.yml@refs/heads/main --certificate-oidc-issuer https://token.actions.githubusercontent.com ghcr.io/team/app',
    'skiff image verify --policy ./policy.json --remote --format json ghcr.io/team/app',
  ];
  static override minArgs = 1;
  static override flags = {
    'certificate-identity': flag.string({ description: "The signer's name in the certificate: an address or a URL" }),
    'certificate-identity-regexp': flag.string({ description: 'The same as a regular expression, which must match the whole name' }),
    'certificate-oidc-issuer': flag.string({ description: "Who vouched for the signer: an OpenID provider's URL" }),
    'certificate-oidc-issuer-regexp': flag.string({ description: 'The same as a regular expression, which must match the whole URL' }),
    format: flag.string({ description: "Format output: 'json', or a Go template" }),
    key: flag.list({ description: 'Public key in PEM form, as cosign.pub; of several any will do', helpValue: 'file' }),
    log: flag.boolean({ description: 'With --key, the signature must be in the transparency log, too' }),
    platform: flag.string({ description: 'Of a multi-platform image whose index is not signed, the platform to check' }),
    policy: flag.string({ description: 'Check by this policy file in place of the one that holds', helpValue: 'file' }),
    'predicate-type': flag.string({ description: 'The kind of signed statement that is wanted, in place of a plain signature' }),
    remote: flag.boolean({ description: 'Check what the registry has under the name now, whatever is stored' }),
    'signed-as': flag.string({ description: 'The repository that the image was signed under, if another; "any" for whichever' }),
    'tls-verify': flag.string({
      description: 'Require HTTPS and verify certificates; =false also allows HTTP',
      options: ['true', 'false'],
      bareValue: 'true',
      helpValue: 'bool',
    }),
    'trusted-root': flag.string({
      description: "File of the authorities and logs to trust; sigstore's public ones by default",
      helpValue: 'file',
    }),
  };

  async run({ ctx, flags, args, io }: Parsed<typeof ImageVerify.flags>): Promise<number | undefined> {
    const { format, platform, policy, remote } = flags;
    const tlsVerify = flags['tls-verify'] === undefined ? undefined : flags['tls-verify'] !== 'false';
    const signer = {
      keys: flags.key,
      identity: flags['certificate-identity'],
      identityRegexp: flags['certificate-identity-regexp'],
      issuer: flags['certificate-oidc-issuer'],
      issuerRegexp: flags['certificate-oidc-issuer-regexp'],
      trustedRoot: flags['trusted-root'],
      signedAs: flags['signed-as'],
      predicateType: flags['predicate-type'],
      isLogged: flags.log,
    };
    return interruptible((signal) =>
      forEachName({ ctx, args, io }, async (image) => {
        const verified = await verifyOne(ctx, { image, signer, policy, platform, isRemote: remote, tlsVerify, signal });
        return renderVerified(verified, format);
      }),
    );
  }
}
