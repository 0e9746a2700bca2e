// Checks a request's body by hand and says all that is wrong with it.
const known = new Set(['datetime', 'totalfee', 'currency', 'services', 'reference', 'notes', 'metadata']);

export function validateOrder(body) {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return ['the body must be an object'];
  const errors = [];
  for (const name of Object.keys(body)) if (!known.has(name)) errors.push(`${name} is not a field of an order`);
  if (typeof body.datetime !== 'string' || Number.isNaN(Date.parse(body.datetime))) {
    errors.push('datetime must be an RFC 3339 time');
  }
  if (body.totalfee != null && !isFee(body.totalfee)) errors.push('totalfee must be a number, 0 or more');
  if (body.currency != null && !/^[A-Z]{3}$/.test(body.currency)) errors.push('currency must be an ISO 4217 code');
  if (body.reference != null && !isText(body.reference, 1, 100)) errors.push('reference must have 1 to 100 characters');
  if (body.notes != null && !isText(body.notes, 0, 4000)) errors.push('notes must have at most 4000 characters');
  if (body.metadata != null && !isMetadata(body.metadata)) errors.push('metadata must be string pairs, at most 50');
  if (!Array.isArray(body.services) || body.services.length < 1 || body.services.length > 200) {
    errors.push('services must have 1 to 200 lines');
  } else {
    body.services.forEach((line, i) => errors.push(...validateLine(line, i)));
  }
  return errors;
}

function validateLine(line, i) {
  const errors = [];
  if (!isText(line?.id, 1, 64)) errors.push(`services[${i}].id is required`);
  if (line?.quantity != null && !(Number.isInteger(line.quantity) && line.quantity >= 1 && line.quantity <= 1e6)) {
    errors.push(`services[${i}].quantity must be a whole number from 1`);
  }
  if (line?.fee != null && !isFee(line.fee)) errors.push(`services[${i}].fee must be a number, 0 or more`);
  if (line?.name != null && !isText(line.name, 1, 200)) errors.push(`services[${i}].name must be text`);
  return errors;
}

function isFee(value) {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isText(value, min, max) {
  return typeof value === 'string' && value.length >= min && value.length <= max;
}

function isMetadata(value) {
  if (typeof value !== 'object' || Array.isArray(value)) return false;
  const pairs = Object.entries(value);
  return pairs.length <= 50 && pairs.every(([key, text]) => isText(key, 1, 64) && isText(text, 0, 512));
}
