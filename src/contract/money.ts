import { z } from 'zod';

/** ISO 4217 alphabetic code. */
export const currencySchema = z.string().regex(/^[A-Z]{3}$/, 'a currency such as EUR');

/** Whole minor units (cents) of one currency. Within the safe integer range. */
export const moneySchema = z.strictObject({ minor: z.int(), currency: currencySchema });
export type Money = Readonly<z.infer<typeof moneySchema>>;
