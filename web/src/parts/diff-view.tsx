import { brief, type DiffPiece } from '../words/diff.ts';
import { visible } from '../words/visible.ts';

/** A comparison in one text: what went is struck through, what came is underlined; both are said. */
export function DiffView({ pieces }: { readonly pieces: readonly DiffPiece[] }) {
  return (
    <div class="diff">
      {brief(pieces).map((piece, index) => {
        const text = visible(piece.text);
        if (piece.kind === 'added') return <ins key={index}>{text}</ins>;
        return piece.kind === 'removed' ? (
          <del key={index}>{text}</del>
        ) : (
          <span key={index}>{text}</span>
        );
      })}
    </div>
  );
}
