/**
 * Where the provider keeps its grants, codes, refresh tokens and sessions: in
 * memory, so a restart signs everybody out. It has the shape that oidc-provider
 * asks of an adapter, and one method more, with which an administrator (or a
 * test) takes back everything that one person has granted.
 */
import { errors } from "oidc-provider";

export function memoryStore() {
  /** @type {Map<string, Map<string, { payload: object, expires: number }>>} model → id → record */
  const models = new Map();

  function adapter(model) {
    const records = new Map();
    models.set(model, records);

    return {
      async upsert(id, payload, expiresIn) {
        dropExpired(records);
        records.set(id, { payload, expires: expiresIn ? Date.now() + expiresIn * 1000 : Infinity });
      },
      async find(id) {
        return records.get(id)?.payload;
      },
      async findByUid(uid) {
        for (const { payload } of records.values()) if (payload.uid === uid) return payload;
      },
      async consume(id) {
        // The library looked before, but not in the same instant: of two parallel uses one must lose.
        const payload = records.get(id)?.payload;
        if (!payload || payload.consumed) throw new errors.InvalidGrant("already used");
        payload.consumed = Math.floor(Date.now() / 1000);
      },
      async destroy(id) {
        records.delete(id);
      },
      async revokeByGrantId(grantId) {
        deleteWhere(records, (payload) => payload.grantId === grantId);
      },
    };
  }

  /**
   * Ends all grants of one person: the next refresh is an invalid_grant. Access
   * tokens are JWTs that nobody looks up, so they live until they expire.
   */
  function revokeAll(sub) {
    for (const model of ["Grant", "AuthorizationCode", "RefreshToken", "AccessToken"]) {
      deleteWhere(models.get(model) ?? new Map(), (payload) => payload.accountId === sub);
    }
  }

  return { adapter, revokeAll };
}

function dropExpired(records) {
  const now = Date.now();
  for (const [id, { expires }] of records) if (expires <= now) records.delete(id);
}

function deleteWhere(records, matches) {
  for (const [id, { payload }] of records) if (matches(payload)) records.delete(id);
}
