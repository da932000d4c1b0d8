# Makes the mesh that every case of bad input begins with; the keys below are known, so that a leak of one is found.
set -eu
mkdir m
cat > m/mesh.yaml <<'END'
# The mesh of the tests.
mesh: demo
prefixes: [10.88.0.0/16, fd5a:3c71:9e00::/48]
wireguard: {interface: wg0, port: 51820, preshared-keys: pair}
sites:
  nyc3: {network: 10.132.0.0/16}
groups:
  app: {}
  db: {}
peers: {}
END
cat > first.csv <<'END'
name,groups,site,private,public,PrivateKey
db-1,db,nyc3,10.132.0.5,,2EHPwpcTv4VfEQxZQCBZq4OlCmkPPbDyyoJzQdyPcEA=
hub-1,,nyc3,10.132.0.2,203.0.113.7,UNEKuZi+MtMvqhyrIMtdTB1kWkSbEfwV4iilJ2+yNEQ=
web-1,app,nyc3,10.132.0.3,,cK05rXfQkN4v1QfYSDDmzX3hN0cC9xJb5xP3XUp8zlE=
END
hauberk init m --operator alice
hauberk --mesh m add --from first.csv
hauberk --mesh m render --out out
HAUBERK_IDENTITY=colleague hauberk operator key > colleague.key
HAUBERK_IDENTITY=protected hauberk operator key --passphrase-file /dev/null && exit 1
(umask 077 && echo 'correct horse battery staple' > passphrase)
HAUBERK_IDENTITY=protected hauberk operator key --passphrase-file passphrase > protected.key
# What no output may ever show.
sed -n 's/^Pr[a-z]*Key = \|^PresharedKey = //p' out/*/etc/wireguard/wg0.conf | sort -u > secrets
sed -n 's/^.*,//p' first.csv | grep = >> secrets
sed -n 's/^seed //p' identity colleague >> secrets
cat passphrase >> secrets
rm first.csv
