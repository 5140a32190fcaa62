import type { FinalisePorts } from '../../../connect/index.ts';
import type { EffectPart } from '../../../contract/index.ts';
import {
  checkEn16931,
  type Paper,
  type PaperFonts,
  renderInvoicePdf,
  renderInvoiceXml,
} from '../papers/index.ts';

export interface KeptPapers {
  readonly blobs: { readonly pdf: string; readonly xml: string };
  readonly parts: readonly EffectPart[];
  readonly attach: readonly {
    readonly name: string;
    readonly mediaType: string;
    readonly blob: string;
  }[];
  /** which rules of EN 16931 were checked, and that nobody certified it */
  readonly statement: string;
}

/** The PDF and the e-invoice of a paper, kept as files named after its number. */
export async function keepPapers(
  paper: Paper,
  sandbox: boolean,
  logoBlob: string | undefined,
  ports: FinalisePorts,
  fonts: PaperFonts,
): Promise<KeptPapers> {
  const logo = logoBlob === undefined ? undefined : await ports.blob(logoBlob);
  const [pdfBytes, xmlText] = await Promise.all([
    renderInvoicePdf(paper, { fonts, sandbox, logo }),
    renderInvoiceXml(paper, { sandbox }),
  ]);
  const xmlBytes = new TextEncoder().encode(xmlText);
  const pdf = await ports.keep(pdfBytes);
  const xml = await ports.keep(xmlBytes);
  const name = paper.number.replace(/[^\p{L}\p{N}._-]+/gu, '-');
  const files = [
    { name: `${name}.pdf`, mediaType: 'application/pdf', blob: pdf, bytes: pdfBytes.byteLength },
    { name: `${name}.xml`, mediaType: 'application/xml', blob: xml, bytes: xmlBytes.byteLength },
  ];
  return {
    blobs: { pdf, xml },
    parts: files.map((file): EffectPart => ({ ...file, use: 'exact' })),
    attach: files.map(({ name: fileName, mediaType, blob }) => ({
      name: fileName,
      mediaType,
      blob,
    })),
    statement: checkEn16931(paper).statement,
  };
}
