/** Where a statement runs: a typeorm DataSource, or the EntityManager of an open transaction. */
export interface Sql {
  query<T>(text: string, parameters?: unknown[]): Promise<T>;
}
