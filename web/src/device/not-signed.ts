/** Nothing was signed: the person, the browser or this page said no. Its words tell a person why. */
export class NotSigned extends Error {
  override readonly name = 'NotSigned';
  /** the way out */
  readonly remedy: string;

  constructor(
    words: string,
    remedy = 'Try again, or with another passkey.',
    options?: ErrorOptions,
  ) {
    super(words, options);
    this.remedy = remedy;
  }
}
