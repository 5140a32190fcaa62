/** The person or the browser said no, so nothing was signed; its message tells a person so. */
export class NotSigned extends Error {
  override readonly name = 'NotSigned';
}
