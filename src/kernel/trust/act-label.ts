import type { Json } from '../../base/index.ts';
import { joinLabels, type Label, type Labelled, labelWithin } from '../../contract/index.ts';
import { namesIn } from '../run/run-places.ts';
import type { RunState } from '../run/run-state.ts';

/**
 * Where the decision to do a step came from: the goal, the plans it stands in, the lists that repeat
 * it and what its conditions read. Outside text in any of them makes the act one of outside text,
 * however clean its arguments are.
 */
export function actLabel(
  run: RunState,
  path: string,
  overlay: ReadonlyMap<string, Labelled<Json>> = new Map(),
): Label {
  let label = run.input.labels.base;
  for (let end = 0; end >= 0; end = nextPrefix(path, end)) {
    const scope = run.scopes.get(path.slice(0, end));
    if (!scope) continue;
    label = joinLabels(label, scope.worth);
    for (const { labels } of scope.names.values()) label = joinLabels(label, labels.base);
    const rest = path.slice(end);
    const id = rest.slice(0, rest.indexOf('/') < 0 ? rest.length : rest.indexOf('/'));
    const when = scope.compiled.byId.get(id)?.expressions.when;
    const names = namesIn(run, scope, undefined, overlay);
    for (const { root, path: read } of when?.references ?? []) {
      const source = names.get(root);
      if (source) label = joinLabels(label, labelWithin(source.labels, read));
    }
  }
  return label;
}

/** End of the next longer prefix of a step's path (`a/`, `a/0/`); below 0 when there is none. */
function nextPrefix(path: string, end: number): number {
  const slash = path.indexOf('/', end);
  return slash < 0 ? -1 : slash + 1;
}
