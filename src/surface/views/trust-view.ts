import {
  effectsFold,
  type GrantView,
  type PolicyBackTest,
  type PolicyVersionRow,
  readEffect,
} from '../../kernel/index.ts';
import type { Services } from '../operations/operation.ts';

/** A grant as lists show it. */
export function grantView({ grant, status, because, writtenAt, uses, usage }: GrantView) {
  const { id, title, scope, constraint, limits, from, until, origin } = grant;
  return {
    ...{ id, title, status, because, scope, constraint: constraint ?? null, limits },
    ...{ from, until, origin, writtenAt, uses, usage },
  };
}

export function policyVersionView({ seq, at, by, because, version, policy }: PolicyVersionRow) {
  return { seq, at, by, because, version, policy };
}

/** A back-test with what each effect was, so that a person knows which one is meant. */
export async function backTestView(
  services: Services,
  { deeds, earlier, differs, before, after }: PolicyBackTest,
) {
  const rows = await services.log.fold(effectsFold).getMany(differs.map(({ id }) => id));
  return {
    ...{ deeds, earlier, before, after },
    differs: await Promise.all(
      differs.map(async (each) => {
        const row = rows.get(each.id);
        const effect = row && (await readEffect(services, row)).effect;
        return {
          ...{ key: each.id, run: row?.run ?? null, summary: effect?.summary ?? null },
          amount: effect?.amount ?? null,
          before: { verdict: each.before.verdict, assurance: each.before.assurance },
          after: {
            verdict: each.after.verdict,
            assurance: each.after.assurance,
            reasons: each.after.reasons.map(({ because }) => because),
          },
        };
      }),
    ),
  };
}
