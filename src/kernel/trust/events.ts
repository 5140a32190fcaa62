import type { Id } from '../../base/index.ts';
import type { EffectHash, Grant, Label, Mode } from '../../contract/index.ts';
import type { GrantDebit } from '../../policy/index.ts';

/** What a decision about an effect rested on beside the effect itself; kept to decide again later. */
export type JudgedOn = {
  /** where the decision to act came from */
  readonly act: Label;
  readonly playbook?: string;
  /** who asks: `kernel`, or the agent whose plan it is */
  readonly agent: string;
};

/** Facts about authority. Each of them but a suspension and a use stands beside an approval. */
export interface TrustEvents {
  // grant/<id>
  'grant.written': {
    readonly grant: Grant;
    /** SHA-256 of the capability's contract it was written for */
    readonly contract: string;
    readonly approval: Id;
  };
  'grant.suspended': { readonly because: string };
  'grant.resumed': { readonly approval: Id; readonly contract: string };
  'grant.revoked': { readonly because: string };
  // grant-use/<id>
  'grant.used': { readonly debit: GrantDebit; readonly hash: EffectHash };
  // rate-use/<id of the policy's rate>: two starts at once cannot both be the last one
  'rate.used': {
    readonly capability: string;
    /** it is itself the start that is counted: of a call that stays inside */
    readonly counts?: true;
  };
  // approval/<id>
  'approval.revoked': { readonly because: string };
  // connector/<name>, `*` for those without one of their own
  'connector.switched': {
    readonly connector: string;
    readonly mode: Mode;
    readonly incarnation: number;
  };
  // device-invite/<hash of the code>
  'device.invited': { readonly code: string; readonly until: string };
  // token/<id>
  'token.issued': {
    readonly hash: string;
    readonly name: string;
    readonly holder: 'worker' | 'agent';
    readonly scope: {
      readonly capabilities: readonly string[];
      readonly reads: readonly string[];
      readonly run?: Id;
    };
    readonly until: string;
    readonly incarnation: number;
    readonly approval: Id;
  };
  'token.revoked': { readonly because: string };
  // secret/<name>
  'secret.changed': {
    readonly name: string;
    readonly change: 'set' | 'removed';
    readonly hosts: readonly string[];
    /** of the value that counts now; null once it is removed */
    readonly commitment: string | null;
  };
}
