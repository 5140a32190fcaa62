import { useEffect, useRef } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { Icon } from '../parts/icon.tsx';
import { Loading, Trouble } from '../parts/states.tsx';
import { formatMoment } from '../words/format.ts';
import { bareName, KIND_WORDS } from '../words/status.ts';
import { visible } from '../words/visible.ts';
import { ApprovalCard } from './approval-card.tsx';
import { QuestionCard } from './question-card.tsx';
import { useCard } from './use-card.ts';

/** Whatever waits, opened. */
export function ItemCard({ id }: { readonly id: string }) {
  const open = useCard(id);
  const heading = useRef<HTMLHeadingElement>(null);
  const { checked, problem } = open;
  useEffect(() => {
    // On narrow screens the card covers the list, so reading starts here.
    if (checked && matchMedia('(max-width: 899px)').matches) heading.current?.focus();
  }, [checked === undefined, id]);
  if (!checked) {
    return (
      <div class="card">
        {problem === undefined ? <Loading lines={8} /> : <Trouble error={problem} />}
      </div>
    );
  }
  const { item, run } = checked.card;
  const kind = KIND_WORDS[item.kind];
  return (
    <article class="card" aria-labelledby="card-title">
      <header class="card-head">
        <p class="kicker">
          <Icon name={kind.icon} />
          <span>{kind.words}</span>
          {run ? (
            <Link href={`/runs/${run.id}`}>
              {run.playbook ? bareName(run.playbook) : (run.title ?? 'run')}
            </Link>
          ) : null}
          <span>
            since <time dateTime={item.createdAt}>{formatMoment(item.createdAt)}</time>
          </span>
        </p>
        <h2 id="card-title" tabIndex={-1} ref={heading}>
          {visible(item.title)}
        </h2>
      </header>
      {item.kind === 'approval' ? (
        <ApprovalCard open={open} checked={checked} />
      ) : (
        <QuestionCard card={checked.card} onAnswered={() => void open.refresh()} />
      )}
    </article>
  );
}
