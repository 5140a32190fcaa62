import { z } from 'zod';
import type { Id, Json } from '../../base/index.ts';
import type { Form } from '../../plan/index.ts';

/** The words by which a playbook is asked for. Data: it stands in the playbook's document. */
export const playbookWordsSchema = z.strictObject({
  /**
   * phrases that ask for it by themselves: `invoice`, `in rechnung`. ` ... ` stands for other words
   * between, and what follows it must be the last word: `rechne ... ab`
   */
  intents: z.array(z.string().min(1).max(100)).min(1).max(200),
  /** words that may stand beside an intent and change nothing: `write`, `send` */
  beside: z.array(z.string().min(1).max(100)).max(200).exactOptional(),
  /** input fields by what fills them. Party and month are needed where they are named */
  slots: z.strictObject({
    party: z.string().exactOptional(),
    month: z.string().exactOptional(),
    days: z.string().exactOptional(),
  }),
});
export type PlaybookWords = Readonly<z.infer<typeof playbookWordsSchema>>;

/** All that a goal is read against. */
export interface GoalContext {
  readonly playbooks: readonly {
    readonly name: string;
    readonly version: number;
    readonly title: string;
    readonly words: PlaybookWords;
  }[];
  /** those that may be meant; archived ones left out */
  readonly parties: readonly GoalParty[];
  /** YYYY-MM-DD in the company's zone */
  readonly today: string;
}

export interface GoalParty {
  readonly id: Id;
  readonly name: string;
  readonly aliases: readonly string[];
}

/** What a part of the goal was taken for. Offsets are UTF-16 code units of the words as given. */
export interface GoalSpan {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly means: 'intent' | 'party' | 'month' | 'days' | 'filler' | 'unknown';
}

export type GoalMatch =
  | {
      readonly status: 'matched';
      readonly playbook: { readonly name: string; readonly version: number };
      readonly input: { readonly [field: string]: Json };
      /** plain sentences: why */
      readonly because: readonly string[];
      readonly spans: readonly GoalSpan[];
    }
  | {
      readonly status: 'question';
      readonly question: string;
      readonly form: Form;
      /** absent where that is part of the question */
      readonly playbook?: { readonly name: string; readonly version: number };
      readonly because: readonly string[];
      readonly spans: readonly GoalSpan[];
    }
  | {
      readonly status: 'unknown';
      readonly because: readonly string[];
      /** things that can be asked for, in words */
      readonly suggestions: readonly string[];
    };

/** What a goal may be. Longer ones are asked to be said shortly. */
export const GOAL_LIMITS = {
  /** characters: a sentence or two; the search below stays under some milliseconds */
  chars: 500,
  /** words and signs */
  tokens: 60,
  /** partial readings kept while searching; honest sentences need some dozens */
  readings: 5_000,
  /** namesakes listed in one question */
  options: 10,
} as const;
