import { readFile } from 'node:fs/promises';

/** TrueType fonts with Latin, Greek and Cyrillic letters and tabular figures. */
export interface PaperFonts {
  readonly regular: Uint8Array;
  readonly strong: Uint8Array;
}

/** Inter, from its package (SIL Open Font License 1.1). Only the glyphs in use end up in a PDF. */
export async function loadPaperFonts(): Promise<PaperFonts> {
  const load = (path: string) =>
    readFile(new URL(import.meta.resolve(`@expo-google-fonts/inter/${path}`)));
  const [regular, strong] = await Promise.all([
    load('400Regular/Inter_400Regular.ttf'),
    load('600SemiBold/Inter_600SemiBold.ttf'),
  ]);
  return { regular, strong };
}
