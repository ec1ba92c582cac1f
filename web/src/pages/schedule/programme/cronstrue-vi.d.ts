// Only its effect is wanted: it adds Vietnamese to cronstrue.
declare module "cronstrue/locales/vi";
