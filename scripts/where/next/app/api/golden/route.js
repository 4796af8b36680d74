import { byWorker, golden } from '../../../golden.mjs';

export const dynamic = 'force-dynamic';

export async function GET() {
  return new Response(`${golden()} ${await byWorker()}\n`);
}
