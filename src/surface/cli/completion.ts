import type { Command } from 'commander';
import { failure } from '../../contract/index.ts';
import { createProgram } from './program.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** The completion script for a shell, with every command and option of the table. Fails with `usage`. */
export function completionScript(shell: string, version: string): string {
  const lines = commandLines(createProgram(version, () => undefined));
  switch (SHELLS.find((known) => known === shell)) {
    case 'bash':
      return bash(lines);
    case 'zsh':
      return `autoload -U +X bashcompinit && bashcompinit\n${bash(lines)}`;
    case 'fish':
      return fish(lines);
    default:
      throw failure('usage', `There is no completion for "${shell}".`, { expected: [...SHELLS] });
  }
}

interface CommandLine {
  /** words behind `steward`; empty for itself */
  readonly words: string;
  readonly next: readonly string[];
  readonly titles: readonly string[];
}

function commandLines(command: Command, words: readonly string[] = []): readonly CommandLine[] {
  const inner = command.commands.map((each) => each.name());
  const options = command.options.map((option) => option.long ?? '').filter((long) => long !== '');
  const titles = command.commands.map((each) => each.description());
  const own = { words: words.join(' '), next: [...inner, ...options, '--help'], titles };
  return [own, ...command.commands.flatMap((each) => commandLines(each, [...words, each.name()]))];
}

function bash(lines: readonly CommandLine[]): string {
  const cases = lines.map(({ words, next }) => `    "${words}") next="${next.join(' ')}" ;;`);
  return `_steward() {
  local line="" word next=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) break ;; esac
    case "$line" in "") try="$word" ;; *) try="$line $word" ;; esac
    case "$try" in
${lines
  .filter(({ words }) => words !== '')
  .map(({ words }) => `      "${words}") line="$try" ;;`)
  .join('\n')}
    esac
  done
  case "$line" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$next" -- "\${COMP_WORDS[COMP_CWORD]}"))
  [ \${#COMPREPLY[@]} -eq 0 ] && COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o filenames -F _steward steward
`;
}

function fish(lines: readonly CommandLine[]): string {
  const rows = lines.flatMap(({ words, next, titles }) =>
    next.map((word, index) => {
      const where =
        words === ''
          ? '__fish_use_subcommand'
          : `__fish_seen_subcommand_from ${words.split(' ').at(-1)}`;
      const title = (titles[index] ?? '').replaceAll("'", '');
      return word.startsWith('--')
        ? `complete -c steward -n '${where}' -l ${word.slice(2)}`
        : `complete -c steward -f -n '${where}' -a ${word} -d '${title}'`;
    }),
  );
  return `${rows.join('\n')}\n`;
}
