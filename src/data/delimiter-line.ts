/** The line before all others that tells Excel the delimiter of a text. */
export const EXCEL_DELIMITER = /^\ufeff?"?sep=([^\r\n])"?\r?\n/i
