#!/bin/sh
# Makes the test keys and known answers in this directory, with nothing but the openssl program
# (written for OpenSSL 3.0). The results are committed; run this again only to change the set:
# every key comes out different, and so do the answers.
#
# The keys are TEST KEYS: they are public, so never use one for anything else.
set -eu
cd "$(dirname "$0")"
rm -rf keys answers
mkdir keys answers
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

rsa() { # bits exponent file
    openssl genpkey -algorithm RSA -pkeyopt "rsa_keygen_bits:$1" \
        -pkeyopt "rsa_keygen_pubexp:$2" -out "$3" 2>/dev/null
}
curve() { # curve file
    openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$1" \
        -pkeyopt ec_param_enc:named_curve -out "$2"
}

cd keys

# Keys that can be used, in every form they come in.
for bits in 2048 3072 4096; do
    rsa $bits 65537 "test-rsa$bits.pkcs8.pem"
done
openssl rsa -in test-rsa2048.pkcs8.pem -traditional -out test-rsa2048.pkcs1.pem 2>/dev/null
openssl rsa -in test-rsa2048.pkcs8.pem -traditional -outform DER -out test-rsa2048.pkcs1.der 2>/dev/null
openssl pkcs8 -topk8 -nocrypt -in test-rsa2048.pkcs8.pem -outform DER -out test-rsa2048.pkcs8.der
curve P-256 test-p256.pkcs8.pem
curve P-384 test-p384.pkcs8.pem
openssl pkcs8 -topk8 -nocrypt -in test-p256.pkcs8.pem -outform DER -out test-p256.pkcs8.der
openssl ec -in test-p256.pkcs8.pem -out test-p256.sec1.pem 2>/dev/null
openssl ec -in test-p384.pkcs8.pem -outform DER -out test-p384.sec1.der 2>/dev/null
# 'openssl ecparam -genkey' writes the curve's name as a block of its own before the key.
openssl ecparam -name prime256v1 -genkey -out test-p256.ecparam.pem

# Public halves.
for name in rsa2048 rsa3072 rsa4096 p256 p384; do
    openssl pkey -in "test-$name.pkcs8.pem" -pubout -out "test-$name.public.pem"
done
openssl pkey -in test-rsa2048.pkcs8.pem -pubout -outform DER -out test-rsa2048.public.der
openssl rsa -in test-rsa2048.pkcs8.pem -RSAPublicKey_out -out test-rsa2048.public.pkcs1.pem 2>/dev/null
openssl rsa -in test-rsa2048.pkcs8.pem -RSAPublicKey_out -outform DER \
    -out test-rsa2048.public.pkcs1.der 2>/dev/null

# A certificate, and a file that holds a key and its certificate, as some servers want it.
openssl req -x509 -new -key test-rsa2048.pkcs8.pem -subj '/CN=pausewake test, never use' \
    -days 36500 -out test-rsa2048.certificate.pem
openssl x509 -in test-rsa2048.certificate.pem -outform DER -out test-rsa2048.certificate.der
cat test-rsa2048.certificate.pem test-rsa2048.pkcs8.pem > test-rsa2048.combined.pem
openssl req -new -key test-rsa2048.pkcs8.pem -subj '/CN=pausewake test, never use' \
    -out test-rsa2048.request.pem
openssl req -in test-rsa2048.request.pem -outform DER -out test-rsa2048.request.der

# Encrypted, in every form. The passphrase is 'test'.
openssl pkcs8 -topk8 -in test-rsa2048.pkcs8.pem -passout pass:test -out wrong-encrypted.pkcs8.pem
openssl pkcs8 -topk8 -in test-rsa2048.pkcs8.pem -passout pass:test -outform DER \
    -out wrong-encrypted.pkcs8.der
openssl rsa -in test-rsa2048.pkcs8.pem -traditional -aes128 -passout pass:test \
    -out wrong-encrypted.pkcs1.pem 2>/dev/null
openssl pkcs12 -export -inkey test-rsa2048.pkcs8.pem -in test-rsa2048.certificate.pem \
    -passout pass:test -out wrong-pkcs12.p12

# RSA keys that no engine here takes.
rsa 1024 65537 wrong-rsa1024.pem
rsa 2560 65537 wrong-rsa2560.pem
rsa 8192 65537 wrong-rsa8192.pem
rsa 2048 3 wrong-rsa-e3.pem
openssl genrsa -primes 3 -out "$scratch/multi.pem" 2048 2>/dev/null
openssl pkcs8 -topk8 -nocrypt -in "$scratch/multi.pem" -out wrong-rsa-three-primes.pem
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out wrong-rsa-pss.pem 2>/dev/null

# Other algorithms and curves.
openssl genpkey -algorithm ED25519 -out wrong-ed25519.pem
openssl genpkey -algorithm X25519 -out wrong-x25519.pem
curve secp256k1 wrong-secp256k1.pem
curve P-521 wrong-p521.pem
openssl ec -in wrong-p521.pem -out wrong-p521.sec1.pem 2>/dev/null
openssl dsaparam -out wrong-dsa.parameters.pem 2048 2>/dev/null
openssl genpkey -paramfile wrong-dsa.parameters.pem -out wrong-dsa.pem
openssl pkey -in wrong-dsa.pem -traditional -out wrong-dsa.traditional.pem
openssl genpkey -genparam -algorithm DH -pkeyopt group:ffdhe2048 -out wrong-dh.parameters.pem
openssl dhparam -in wrong-dh.parameters.pem -outform DER -out wrong-dh.parameters.der
openssl ecparam -name prime256v1 -out wrong-ec.parameters.pem
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit \
    -out wrong-p256-explicit.pem
openssl ec -in test-p256.pkcs8.pem -no_public -out "$scratch/nopublic.pem" 2>/dev/null
openssl pkcs8 -topk8 -nocrypt -in "$scratch/nopublic.pem" -out wrong-p256-no-public.pem

# Damaged files.
: > wrong-empty.pem
printf 'The quick brown fox jumps over the lazy dog.\n' > wrong-text.txt
head -c 700 test-rsa2048.pkcs8.der > wrong-truncated.der
{ cat test-rsa2048.pkcs8.der; printf 'garbage'; } > wrong-trailing.der
sed '$d' test-rsa2048.pkcs8.pem > wrong-no-end.pem
sed '5s/^......../!!!!!!!!/' test-rsa2048.pkcs8.pem > wrong-base64.pem
cat test-rsa2048.pkcs8.pem test-p256.pkcs8.pem > wrong-two-keys.pem

# Known answers: what openssl signs, we must verify; where signing is deterministic, we must sign
# the same.
cd ../answers
seq 1 200 > message.txt
for bits in 2048 3072 4096; do
    for hash in 256 384 512; do
        key="../keys/test-rsa$bits.pkcs8.pem"
        openssl dgst "-sha$hash" -sign "$key" -out "rsa$bits-pkcs1-sha$hash.sig" message.txt
        openssl dgst "-sha$hash" -sign "$key" -sigopt rsa_padding_mode:pss \
            -sigopt rsa_pss_saltlen:digest -out "rsa$bits-pss-sha$hash.sig" message.txt
    done
done
openssl dgst -sha256 -sign ../keys/test-p256.pkcs8.pem -out p256-sha256.sig message.txt
openssl dgst -sha384 -sign ../keys/test-p384.pkcs8.pem -out p384-sha384.sig message.txt
