// Made-up papers for the tests beside this file; nothing else imports it.
import { crc32, deflateSync } from 'node:zlib';
import {
  type Buyer,
  decideVat,
  type InvoiceLine,
  lineNet,
  type Seller,
  totalInvoice,
  type VatTreatment,
} from '../../../records/index.ts';
import type { Paper } from './paper.ts';

export const SELLER: Seller = {
  name: 'Studio Jürgen Möller',
  owner: 'Jürgen Möller',
  address: { street: 'Lindenallee 12', postalCode: '20259', city: 'Hamburg', country: 'DE' },
  email: 'post@studio-moeller.example',
  phone: '+49 40 1234567',
  website: 'studio-moeller.example',
  vatId: 'DE123456789',
  taxId: '42/123/04567',
  smallBusiness: false,
  iban: 'DE89370400440532013000',
  bic: 'COBADEFFXXX',
  bank: 'Commerzbank Hamburg',
  colour: '#1a6b52',
};

export const BUYER: Buyer = {
  name: 'Acme Küchentechnik GmbH & Co. KG',
  contact: 'Frau Dr. Annegret Schönfeld-Baumgartner',
  address: { street: 'Große Elbstraße 145', postalCode: '22767', city: 'Hamburg', country: 'DE' },
  customerNumber: 'K-1007',
};

const REDUCED: VatTreatment = {
  type: 'ruling',
  vat: { category: 'S', rateBasisPoints: 700 },
  source: 'UStG par. 12 (2) no. 7 c',
};

/** Two VAT rates, two pages, long words and long descriptions. */
export function germanPaper(): Paper {
  const treatment = treat(SELLER, BUYER);
  const standard = treatment.vat;
  const lines: InvoiceLine[] = [
    line('Webauftritt: Konzeption und Nutzerführung', 125_000, 9_500, standard, LONG_DETAIL),
    line('Webauftritt: Umsetzung', 336_667, 9_500, standard, `${LONG_DETAIL} ${LONG_DETAIL}`),
    line(
      'Barrierefreiheitsstärkungsgesetzkonformitätsbewertungsverfahrensdokumentation',
      40_000,
      11_000,
      standard,
      'Prüfung aller Seiten nach WCAG 2.2 AA mit Bericht',
    ),
    line(
      'Nutzungsrechte an Fotografien, Nachdruck',
      30_000,
      18_000,
      REDUCED.vat,
      undefined,
      'piece',
    ),
    ...Array.from({ length: 7 }, (_, index) =>
      line(
        `Wartung KW ${31 + index}`,
        7_500 + index * 2_500,
        9_500,
        standard,
        'Aktualisierungen eingespielt; Sicherung geprüft; Antwortzeiten gemessen',
      ),
    ),
    line('Workshop vor Ort', 20_000, 88_000, standard, 'Zwei Tage mit dem Vertrieb', 'day'),
  ];
  return {
    kind: 'invoice',
    number: '2026-0042',
    issueDate: '2026-10-31',
    dueDate: '2026-11-14',
    period: { from: '2026-10-01', to: '2026-10-31' },
    language: 'de',
    currency: 'EUR',
    lines,
    ...totalInvoice(lines, 'EUR', [treatment, REDUCED]),
    seller: SELLER,
    buyer: BUYER,
    note: 'Vielen Dank für die gute Zusammenarbeit. Die Stundenaufstellung liegt auf Wunsch bei.',
  };
}

/** One rate, one page. */
export function plainPaper(): Paper {
  const treatment = treat(SELLER, BUYER);
  const lines = [
    line('Webauftritt: Umsetzung', 100_000, 9_000, treatment.vat, 'Startseite; Kontaktformular'),
    line('Beratung', 5_168, 10_000, treatment.vat),
  ];
  return {
    ...germanPaper(),
    lines,
    ...totalInvoice(lines, 'EUR', [treatment]),
  };
}

/** Outside the EU, in pounds, in English. */
export function britishPaper(): Paper {
  const buyer: Buyer = {
    name: 'Harbour & Lane Ltd',
    address: { street: '4 Wharf Road', postalCode: 'N1 7GS', city: 'London', country: 'GB' },
    vatId: 'GB123456789',
  };
  const treatment = treat(SELLER, buyer);
  const lines = [
    line(
      'Brand site: Front-end development',
      426_250,
      8_250,
      treatment.vat,
      'Design tokens; page templates; accessibility review',
    ),
    line('Brand site: Project management', 63_333, 7_000, treatment.vat),
  ];
  return {
    kind: 'invoice',
    number: '2026-0043',
    issueDate: '2026-10-31',
    dueDate: '2026-11-30',
    period: { from: '2026-10-01', to: '2026-10-31' },
    language: 'en',
    currency: 'GBP',
    lines,
    ...totalInvoice(lines, 'GBP', [treatment]),
    seller: SELLER,
    buyer,
    purchaseOrder: 'PO 88-1204',
  };
}

/** Another member state: reverse charge. */
export function austrianPaper(): Paper {
  const buyer: Buyer = {
    name: 'Alpenblick Touristik AG',
    address: { street: 'Herrengasse 7', postalCode: '8010', city: 'Graz', country: 'AT' },
    vatId: 'ATU12345678',
  };
  const treatment = treat(SELLER, buyer);
  const lines = [line('Website relaunch', 118_333, 9_500, treatment.vat)];
  return {
    ...britishPaper(),
    number: '2026-0044',
    currency: 'EUR',
    lines,
    ...totalInvoice(lines, 'EUR', [treatment]),
    buyer,
  };
}

/** A small business with one line and no logo, colour or VAT id. */
export function smallPaper(): Paper {
  const { vatId: _, colour: __, ...rest } = SELLER;
  const seller: Seller = { ...rest, name: 'Mara Vogt', owner: 'Mara Vogt', smallBusiness: true };
  const treatment = treat(seller, BUYER);
  const lines = [line('Lektorat', 35_000, 6_000, treatment.vat)];
  return {
    ...plainPaper(),
    number: 'MV-2026-0007',
    lines,
    ...totalInvoice(lines, 'EUR', [treatment]),
    seller,
    period: { from: '2026-10-12', to: '2026-10-12' },
  };
}

/** Takes back `plainPaper`. */
export function creditPaper(): Paper {
  const { dueDate: _, period: __, ...paper } = plainPaper();
  return {
    ...paper,
    kind: 'credit-note',
    number: '2026-0045',
    issueDate: '2026-11-03',
    corrects: { number: '2026-0042', issueDate: '2026-10-31' },
    reason: 'falscher Stundensatz',
  };
}

/** A small PNG with a transparent edge: three bars in the seller's colour. */
export function sampleLogo(): Uint8Array {
  const [width, height] = [240, 80];
  const rows = Buffer.alloc(height * (1 + width * 4));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bar = Math.floor(x / 30);
      const inside = x % 30 < 22 && bar < 6 && y >= 70 - bar * 12 && y < 76;
      if (inside) rows.set([0x1a, 0x6b, 0x52, 0xff], y * (1 + width * 4) + 1 + x * 4);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 6, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(rows)),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

const LONG_DETAIL =
  'Gespräche mit Vertrieb und Kundendienst; Auswertung der Suchanfragen; Seitenstruktur; Entwürfe für Startseite, Produktseite und Kontakt; Abstimmung der Texte; Klickmodell';

function line(
  text: string,
  tenThousandths: number,
  rate: number,
  vat: InvoiceLine['vat'],
  detail?: string,
  unit: InvoiceLine['quantity']['unit'] = 'hour',
): InvoiceLine {
  // totalInvoice refuses mixed currencies, so the papers in pounds say so here
  const unitPrice = { minor: rate, currency: vat.category === 'O' ? 'GBP' : 'EUR' };
  const quantity = { tenThousandths, unit };
  const net = lineNet(quantity, unitPrice);
  return { text, ...(detail ? { detail } : {}), quantity, unitPrice, net, vat, entries: [] };
}

function treat(seller: Seller, buyer: Buyer): VatTreatment {
  const decision = decideVat({
    seller: { ...seller, country: seller.address.country },
    buyer: { ...buyer, country: buyer.address.country },
    day: '2026-10-31',
  });
  if (decision.status === 'open') throw new Error(decision.questions[0]?.question);
  return decision.treatment;
}

function pngChunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  out.set(body, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}
