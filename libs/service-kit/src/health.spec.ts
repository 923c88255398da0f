import { Health } from './health';
import { openHttp } from './http-half';

it('S3: a warning stands beside a readiness that it does not lower', async () => {
  const health = new Health();
  let [warning, reason]: (string | undefined)[] = [];
  health.warn('list', () => warning);
  health.check('database', () => reason);
  const http = await openHttp('127.0.0.1:0', health.answer);
  const get = async (path: string) => {
    const response = await fetch(`http://${http.address}${path}`);
    return [response.status, await response.text()];
  };
  try {
    expect(await get('/readyz')).toEqual([200, 'ok\n']);
    warning = 'nearly full';
    expect(await get('/readyz')).toEqual([200, 'ok\nwarning: list: nearly full\n']);
    expect(await get('/livez')).toEqual([200, 'ok\n']);
    reason = 'away';
    expect(await get('/readyz')).toEqual([503, 'database: away\n']);
    expect(await get('/elsewhere')).toEqual([404, 'not found\n']);
  } finally {
    await http.close();
  }
});
