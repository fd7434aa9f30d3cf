/**
 * A self-signed certificate for loopback servers that stand in for a database behind TLS, valid until 2126. Nothing
 * trusts it: tests that use it switch the check of certificates off.
 */
export const SELF_SIGNED = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBrjCCAVSgAwIBAgIUVMzFJgEtW7jL6rt5142q2svwrz4wCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMdGVzdC5pbnZhbGlkMCAXDTI2MTEyNTE1MTQwNloYDzIxMjYx
MTAxMTUxNDA2WjAXMRUwEwYDVQQDDAx0ZXN0LmludmFsaWQwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAAQtEwkoA8XEVgW5pb41V692KoOw9mlmRlcrHqeBa5z45Cms
iRIiBcRMtoH0TkVnMTJhzrHbclVz9wIYYNcfNhiQo3wwejAdBgNVHQ4EFgQUOjCp
cO6S9UFvOs3/nMtf+XrDN04wHwYDVR0jBBgwFoAUOjCpcO6S9UFvOs3/nMtf+XrD
N04wDwYDVR0TAQH/BAUwAwEB/zAnBgNVHREEIDAeghFhcHAtYWNtZS50dXJzby5p
b4IJbG9jYWxob3N0MAoGCCqGSM49BAMCA0gAMEUCIHotKvfSDbFdjbvz4/woJrnK
wRuXRd+GLKxTJo1wtY73AiEA8HGgePtPcHul4pKNZgyvZGenl72Wirve2eTD3w93
beo=
-----END CERTIFICATE-----`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgk+nPKf50aV6JIGhy
mNtarJlShvpDTvOgrwe3pSgoypChRANCAAQtEwkoA8XEVgW5pb41V692KoOw9mlm
RlcrHqeBa5z45CmsiRIiBcRMtoH0TkVnMTJhzrHbclVz9wIYYNcfNhiQ
-----END PRIVATE KEY-----`,
};
