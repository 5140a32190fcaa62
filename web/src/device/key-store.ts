import { createDeviceKey, exportPublicKey } from '../../../src/contract/portable.ts';

/** This browser's key. The private half cannot be read by any script; it can only sign. */
export interface BrowserKey {
  readonly privateKey: CryptoKey;
  /** base64url raw Ed25519 */
  readonly publicKey: string;
  /** what each company's server calls this key */
  readonly deviceByCompany: { readonly [company: string]: string };
}

const DATABASE = 'steward';
const STORE = 'keys';
const OWN = 'browser';

/** The key of this browser, or undefined when it has none (or keeps nothing, as in a private window). */
export async function loadKey(): Promise<BrowserKey | undefined> {
  try {
    // Only this file writes the store, and only in this shape.
    return (await inStore('readonly', (store) => store.get(OWN))) as BrowserKey | undefined;
  } catch {
    return undefined;
  }
}

/** Makes a key and keeps it. Fails when the browser keeps nothing or knows no Ed25519. */
export async function makeKey(): Promise<BrowserKey> {
  const { privateKey, publicKey } = await createDeviceKey({ extractable: false });
  const key: BrowserKey = {
    privateKey,
    publicKey: await exportPublicKey(publicKey),
    deviceByCompany: {},
  };
  await saveKey(key);
  return key;
}

/** Remembers what a company calls this key. */
export async function nameKey(key: BrowserKey, company: string, device: string): Promise<void> {
  await saveKey({ ...key, deviceByCompany: { ...key.deviceByCompany, [company]: device } });
}

async function saveKey(key: BrowserKey): Promise<void> {
  await inStore('readwrite', (store) => store.put(key, OWN));
}

async function inStore<Result>(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<Result>,
): Promise<Result> {
  const database = await opened();
  try {
    return await settled(act(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

function opened(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return settled(request);
}

function settled<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
