import type { Id, NewId } from '../../base/index.ts';
import type { FieldValues, RecordCommand } from '../../records/index.ts';

export interface ExampleCompany {
  readonly commands: readonly RecordCommand[];
  /** what the example's operator has asked for already */
  readonly goals: readonly string[];
}

/**
 * A believable freelancer with three customers and the month of time before `today` (YYYY-MM-DD in its zone):
 * one German, one Austrian with a VAT id, one British, so that the first invoices differ.
 */
export function exampleCompany(company: Id, newId: NewId, today: string): ExampleCompany {
  const month = Temporal.PlainDate.from(today).toPlainYearMonth().subtract({ months: 1 });
  const parties = (PARTIES as readonly ExampleParty[]).map((party) => ({ ...party, id: newId() }));
  const commands: RecordCommand[] = [
    { type: 'create', record: 'company', id: company, set: COMPANY },
  ];
  for (const { id, projects, set } of parties) {
    commands.push({ type: 'create', record: 'party', id, set });
    for (const { name, code, days } of projects) {
      const project = newId();
      commands.push({
        type: 'create',
        record: 'project',
        id: project,
        set: { party: id, name, ...(code === undefined ? {} : { code }) },
      });
      for (const work of days) {
        const day = month.toPlainDate({ day: work.day });
        const start = day.toZonedDateTime({ timeZone: EXAMPLE_ZONE, plainTime: work.from });
        const end = start.add({ minutes: work.minutes });
        commands.push({
          type: 'create',
          record: 'time-entry',
          id: newId(),
          set: {
            party: id,
            project,
            task: work.task,
            text: work.text,
            day: day.toString(),
            start: start.toInstant().toString(),
            end: end.toInstant().toString(),
            seconds: work.minutes * 60,
            billable: work.billable ?? true,
          },
        });
      }
    }
  }
  const name = MONTHS[month.month - 1] ?? '';
  return { commands, goals: [`invoice Acme for ${name} ${month.year}`] };
}

/** Where the example's days begin. */
export const EXAMPLE_ZONE = 'Europe/Berlin';

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

const COMPANY = {
  name: 'Mara Lindt Design',
  owner: 'Mara Lindt',
  street: 'Lindenstraße 14',
  postalCode: '10969',
  city: 'Berlin',
  country: 'DE',
  email: 'mara@lindt.example',
  phone: '+49 30 5550142',
  website: 'https://lindt.example',
  currency: 'EUR',
  zone: EXAMPLE_ZONE,
  language: 'de',
  vatId: 'DE136695976',
  taxId: '34/412/01234',
  smallBusiness: false,
  iban: 'DE89370400440532013000',
  bic: 'COBADEFFXXX',
  bank: 'Beispielbank Berlin',
  invoiceSeries: '{year}-{number:4}',
  colour: '#1f5f8b',
} as const;

interface Work {
  readonly day: number;
  readonly from: string;
  readonly minutes: number;
  readonly task: string;
  readonly text: string;
  readonly billable?: false;
}

interface ExampleParty {
  readonly set: FieldValues;
  readonly projects: readonly {
    readonly name: string;
    readonly code?: string;
    readonly days: readonly Work[];
  }[];
}

const PARTIES = [
  {
    set: {
      name: 'Acme GmbH',
      kinds: ['customer'],
      email: 'buchhaltung@acme.example',
      address: { street: 'Speicherweg 7', postalCode: '20457', city: 'Hamburg', country: 'DE' },
      vatId: 'DE811907980',
      customerNumber: 'K-1001',
      billing: {
        hourlyRate: { minor: 9500, currency: 'EUR' },
        currency: 'EUR',
        paymentDays: 14,
        language: 'de',
        rounding: { minutes: 15, mode: 'nearest', per: 'entry' },
      },
    },
    projects: [
      {
        name: 'Website relaunch',
        code: 'ACM-3',
        days: [
          {
            day: 1,
            from: '09:00',
            minutes: 150,
            task: 'Concept',
            text: 'Kick-off, goals and scope',
          },
          {
            day: 2,
            from: '13:15',
            minutes: 270,
            task: 'Design',
            text: 'Wireframes: start page, product page',
          },
          {
            day: 5,
            from: '10:00',
            minutes: 30,
            task: 'Design',
            text: 'Internal review',
            billable: false,
          },
          {
            day: 7,
            from: '09:30',
            minutes: 240,
            task: 'Design',
            text: 'Visual design, two directions',
          },
          { day: 12, from: '08:05', minutes: 255, task: 'Build', text: 'Header and navigation' },
          { day: 14, from: '13:00', minutes: 210, task: 'Build', text: 'Product page template' },
          { day: 20, from: '09:00', minutes: 300, task: 'Build', text: 'Search and filters' },
        ],
      },
      {
        name: 'Hosting',
        code: 'ACM-1',
        days: [
          {
            day: 28,
            from: '21:00',
            minutes: 80,
            task: 'Operations',
            text: 'Server update and check',
          },
        ],
      },
    ],
  },
  {
    set: {
      name: 'Studio Nord OG',
      kinds: ['customer'],
      email: 'office@studionord.example',
      address: { street: 'Annenstraße 22', postalCode: '8020', city: 'Graz', country: 'AT' },
      vatId: 'ATU62895905',
      customerNumber: 'K-1002',
      billing: {
        hourlyRate: { minor: 8500, currency: 'EUR' },
        currency: 'EUR',
        paymentDays: 30,
        language: 'de',
      },
    },
    projects: [
      {
        name: 'Newsletter',
        days: [
          { day: 3, from: '09:10', minutes: 210, task: 'Writing', text: 'Issue 14, draft' },
          { day: 6, from: '14:00', minutes: 45, task: 'Writing', text: 'Issue 14, corrections' },
          { day: 21, from: '11:55', minutes: 90, task: 'Writing', text: 'Issue 15, interview' },
        ],
      },
    ],
  },
  {
    set: {
      name: 'Harbour Labs Ltd',
      kinds: ['customer'],
      email: 'accounts@harbourlabs.example',
      address: { street: '18 Quayside', postalCode: 'BS1 6EA', city: 'Bristol', country: 'GB' },
      customerNumber: 'K-1003',
      billing: {
        hourlyRate: { minor: 11000, currency: 'GBP' },
        currency: 'GBP',
        paymentDays: 30,
        language: 'en',
      },
    },
    projects: [
      {
        name: 'Data audit',
        code: 'HL-01',
        days: [
          {
            day: 7,
            from: '10:00',
            minutes: 375,
            task: 'Analysis',
            text: 'Schema review, 14 tables',
          },
          { day: 8, from: '09:00', minutes: 210, task: 'Analysis', text: 'Interviews' },
          { day: 15, from: '09:00', minutes: 465, task: 'Report', text: 'Findings, first draft' },
        ],
      },
    ],
  },
] as const satisfies readonly ExampleParty[];
