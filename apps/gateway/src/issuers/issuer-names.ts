import { Injectable } from '@nestjs/common';
import { issuerScope, isScope, problem, type Scope } from '@plexsphere/wire';
import { SharedReadings } from '../rings/shared-readings';
import { IssuerViews, type IssuerRow } from '../views/issuer-views';
import { Strangers } from '../views/strangers';

/** What stands for the default issuer among slugs: none is empty. */
const DEFAULT = '';

/** Which issuer is served under a path: read at each request, by one reading at a time of each. */
@Injectable()
export class IssuerNames {
  /**
   * As they were read last. Issuers stay, so these are as many as there are. Who is known is looked up before strangers, who
   * make names up; and what an issuer is called never changes.
   */
  private readonly last = new Map<string, IssuerRow>();
  private readonly readings = new SharedReadings((slug) =>
    this.last.has(slug) ? this.read(slug) : this.strangers.readings.run(() => this.read(slug)),
  );

  constructor(
    private readonly views: IssuerViews,
    private readonly strangers: Strangers,
  ) {}

  /**
   * The issuer of that slug; without one the default issuer.
   * @throws Problem unknownScope, tooManyWaiting; what the database throws
   */
  async named(slug = DEFAULT): Promise<IssuerRow> {
    if (slug !== DEFAULT) scopeOfSlug(slug);
    return this.readings.of(slug);
  }

  /**
   * For what everybody may have, and what goes on while nobody can be asked: as it was, then.
   * @throws as `named`, where it was never read
   */
  shown(slug = DEFAULT): Promise<Pick<IssuerRow, 'scope' | 'url'>> {
    return this.named(slug).catch((error: unknown) => {
      const last = this.last.get(slug);
      if (last === undefined) throw error;
      return last;
    });
  }

  /** Whose key set is served there. @throws as `shown` */
  scopeNamed(slug = DEFAULT): Scope | Promise<Scope> {
    return slug === DEFAULT ? this.shown().then(({ scope }) => scope) : scopeOfSlug(slug);
  }

  private async read(slug: string): Promise<IssuerRow> {
    const issuer = await (slug === DEFAULT ? this.views.readDefault() : this.views.read(issuerScope(slug)));
    if (issuer === undefined) throw problem('unknownScope', { field: 'scope' });
    this.last.set(slug, issuer);
    return issuer;
  }
}

/** @throws Problem unknownScope, for what can be no issuer's slug */
function scopeOfSlug(slug: string): Scope {
  const scope = issuerScope(slug);
  if (!isScope(scope)) throw problem('unknownScope', { field: 'scope' });
  return scope;
}
