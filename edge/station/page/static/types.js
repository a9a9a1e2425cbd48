// @ts-check
// What the server sends; edge/station/picture.py, desk.py and records.py say what each field means.

/**
 * @typedef {{episode: number, condition: string, words: string, priority: "low"|"medium"|"high", presence: string,
 *   presence_words: string, sounding: boolean, because: string, score: number|null, since_ms: number,
 *   synced: boolean, by: string}} Alarm
 * @typedef {{text: string, by: string, at_ms: number}} Note
 * @typedef {{words: string, low: boolean}} Battery
 * @typedef {"unknown"|"blind"|"pain-high"|"pain"|"building"|"technical"|"attended"|"watched"} Look
 * @typedef {""|"low"|"medium"|"high"} Ring
 * @typedef {{place: string, site: string, bed: string, look: Look, title: string, rank: number, ring: Ring,
 *   quiet: boolean, score: number|null, low: number|null, high: number|null, mode: string, why: string[],
 *   missing: string[], quality: Record<string, number>, batteries: Battery[], clock: string, heard_ms: number|null, heard_wall_ms: number|null,
 *   validity: string, holds: string[], alarms: Alarm[], note: Note|null, seen_by: string}} Bed
 * @typedef {{connected: boolean, fault: string, name: string, outside: string, clock: string}} Status
 * @typedef {{now_ms: number, status: Status, order: string[], beds: Record<string, Bed>}} Message
 * @typedef {{step_min: number, until_min: number, high: (number|null)[], sights: string[]}} Trend
 * @typedef {{signed_in: boolean, by_proxy?: boolean, name?: string, role?: string, csrf?: string}} Session
 * @typedef {{ok: boolean, reason: string, detail: string}} Answer
 */
export {};
