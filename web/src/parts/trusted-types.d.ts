/** The part of the Trusted Types API that this page uses; not every browser has it. */
interface Window {
  readonly trustedTypes?: {
    readonly createPolicy: <Rules extends { readonly [rule: string]: (text: string) => string }>(
      name: string,
      rules: Rules,
    ) => { readonly [Rule in keyof Rules]: (text: string) => unknown };
  };
}
