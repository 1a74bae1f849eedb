// Keeps the launcher's form in step with what is chosen. Without it the form works all the same.
'use strict';
const form = document.querySelector('form.launcher');
const persona = document.getElementById('persona');
const patient = document.getElementById('patient');
const groups = { near: document.getElementById('cared'), far: document.getElementById('others') };
const patients = [...patient.options];

// Whoever is in the care of the persona comes first.
function regroup() {
  for (const option of patients) {
    const near = option.dataset.with.split(' ').includes(persona.value);
    (near ? groups.near : groups.far).append(option);
  }
  groups.near.hidden = !groups.near.children.length;
  groups.far.hidden = !groups.far.children.length;
  patient.selectedIndex = 0;
}

// What belongs to a way that is not chosen is out of the way.
function fold() {
  for (const more of form.querySelectorAll('[data-for]')) {
    more.hidden = form.elements[more.dataset.way].value !== more.dataset.for;
  }
}

// The launch URL that the client is registered with.
function suggest() {
  const url = document.getElementById('launch_url');
  url.value = document.getElementById('client').selectedOptions[0]?.dataset.launch ?? '';
}

persona.addEventListener('change', regroup);
form.addEventListener('change', fold);
document.getElementById('client').addEventListener('change', suggest);
fold();
suggest();
