/** This package's version, as in `package.json`; written here so that a browser knows it too. */
export const VERSION = '0.1.0'
