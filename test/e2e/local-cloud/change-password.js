// Changes a password on a local server, as its user. Standard input: { port, user, password, newPassword }.
const fs = require('fs');
const { Client } = require('pg');

const { port, user, password, newPassword } = JSON.parse(fs.readFileSync(0, 'utf8'));
const client = new Client({ host: 'localhost', port, user, password, database: 'postgres', ssl: true });
client.connect()
  .then(() => client.query(`ALTER ROLE ${client.escapeIdentifier(user)} PASSWORD ${client.escapeLiteral(newPassword)}`))
  .then(() => client.end());
