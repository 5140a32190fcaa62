// words: what a goal in plain words asks for.
// Owns: finding playbook and input without a model, and the one question where it is not certain.
// Never: acts, reads a clock or a store, or lets a word pass that it did not understand. Part of kernel
// (floor 6), free of the rest of it.
export { doBothField, type GoalAnswer, readGoalAnswer } from './goal-question.ts';
export {
  GOAL_LIMITS,
  type GoalContext,
  type GoalMatch,
  type GoalParty,
  type GoalSpan,
  type PlaybookWords,
  playbookWordsSchema,
} from './goal-words.ts';
export { INVOICE_WORDS } from './invoice-words.ts';
export { matchGoal } from './match-goal.ts';
