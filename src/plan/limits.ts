/** Limits of plans. Each has its unit and its reason. */
export const PLAN_LIMITS = {
  /** steps of one plan, nested ones counted: more is a loop that should be an `each` */
  steps: 10_000,
  /** `do` inside `do`: deeper ones cannot be read on a page */
  nesting: 8,
  /** objects and lists inside one another in a template; below the recursion limit by far */
  templateDepth: 32,
  /** texts, numbers, lists and objects of one document: about 50 MB of text is refused before it is read */
  documentValues: 1_000_000,
  /** characters of one id; ids become parts of effect keys and of addresses in the page */
  idCharacters: 64,
  /** items of one `each` */
  items: 10_000,
  /** rounds of one `repeat` */
  rounds: 1_000,
  /** steps of one expanded plan: what a model made stays small enough to be read */
  expandedSteps: 200,
  /** tries of one step before it becomes a question */
  attempts: 100,
  /** faults that one answer names; the rest is counted */
  faults: 200,
} as const;

/** Limits of one expression. Together they keep the longest evaluation well under half a second. */
export const EXPRESSION_LIMITS = {
  /** characters of the text */
  characters: 4_000,
  /** nodes of its tree */
  nodes: 1_000,
  /** brackets, calls and accesses inside one another */
  depth: 64,
  /** members of a list that is walked (`map`, `filter`, `all`, `exists`) */
  listMembers: 10_000,
  /** units of work (about one visited node or member each) that one evaluation may take */
  work: 2_000_000,
  /** values and characters that one evaluation may read or make */
  size: 4_000_000,
  /** compiled expressions that are kept; then the memo starts anew */
  memo: 5_000,
} as const;
