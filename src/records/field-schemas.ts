import { z } from 'zod';
import { COUNTRIES } from './countries.ts';
import { isIban } from './iban.ts';
import { isVatId } from './vat-id.ts';

// Schemas of single fields that several record types share. Their messages are what people read.

/** characters; a name or a subject that is longer is a document */
const LINE_MAX = 500;
/** characters; longer text belongs in an artifact */
const TEXT_MAX = 20_000;

export const lineSchema = z
  .string()
  .trim()
  .min(1, 'is empty')
  .max(LINE_MAX, `is longer than ${LINE_MAX} characters`);
export const textSchema = z.string().max(TEXT_MAX, `is longer than ${TEXT_MAX} characters`);
export const idSchema = z.string().min(1, 'is empty').max(200, 'is not an id');
export const daySchema = z.iso.date('is not a day like 2026-10-31');
export const instantSchema = z.iso.datetime('is not a UTC time like 2026-10-31T09:00:00Z');
export const languageSchema = z.enum(['de', 'en']);
export const blobSchema = z.string().regex(/^[0-9a-f]{64}$/, 'is not the SHA-256 of a file');

export const emailSchema = z
  .string()
  .trim()
  .max(320, 'is too long for an e-mail address')
  .regex(z.regexes.unicodeEmail, 'is not an e-mail address');

export const countrySchema = z
  .string()
  .trim()
  .toUpperCase()
  .refine((code) => COUNTRIES.has(code), 'is not a two-letter country code like DE');

export const zoneSchema = z.string().refine(isZone, 'is not a time zone like Europe/Berlin');

export const ibanSchema = z
  .string()
  .overwrite((text) => text.replaceAll(/\s/g, '').toUpperCase())
  .refine(isIban, 'is not a valid IBAN: a digit is wrong or missing');

/** ISO 9362 */
export const bicSchema = z
  .string()
  .trim()
  .toUpperCase()
  .regex(/^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$/, 'is not a BIC of 8 or 11 characters');

export const vatIdSchema = z
  .string()
  .overwrite((text) => text.replaceAll(/[\s.-]/g, '').toUpperCase())
  .refine(isVatId, 'does not have the form of a VAT id, such as DE123456789');

/** Another record, by type and id. */
export const referenceSchema = z.strictObject({ type: lineSchema, id: idSchema });

function isZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false; // an offset like +01:00 knows no summer time
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
